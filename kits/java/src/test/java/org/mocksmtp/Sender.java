package org.mocksmtp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Hashtable;
import java.util.List;
import javax.naming.Context;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/** A small mail application: sends a mail to a listener, or to the mail exchanges of a domain. */
final class Sender {
    static final String FROM = "me@here.test";

    private Sender() {}

    /** Send a mail, and return the reply that decided; empty if the connection ended. */
    static String send(InetSocketAddress address, String to) {
        return send(address, FROM, to, "Subject: hello\r\n\r\nIt works.\r\n");
    }

    static String send(InetSocketAddress address, String from, String to, String content) {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(10_000);
            var in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.UTF_8));
            Writer out = new java.io.OutputStreamWriter(socket.getOutputStream());
            String reply = readReply(in);
            for (String line :
                    List.of(
                            "EHLO here.test",
                            "MAIL FROM:<" + from + ">",
                            "RCPT TO:<" + to + ">",
                            "DATA",
                            content + ".")) {
                if (!reply.startsWith("2") && !reply.startsWith("3")) {
                    return reply;
                }
                out.write(line + "\r\n");
                out.flush();
                reply = readReply(in);
            }
            out.write("QUIT\r\n");
            out.flush();
            return reply;
        } catch (IOException error) {
            return "";
        }
    }

    /** Send a mail until it is not deferred any more. */
    static void sendWithRetry(InetSocketAddress address, String to) {
        String content = "Message-ID: <1@here.test>\r\nSubject: hello\r\n\r\nIt works.\r\n";
        for (int i = 0; i < 10; i++) {
            String reply = send(address, FROM, to, content);
            if (!reply.isEmpty() && !reply.startsWith("4")) {
                return;
            }
        }
    }

    /** Send a mail to the mail exchanges of its domain, in order of preference. */
    static void sendByMx(InetSocketAddress dns, int port, String to) throws NamingException {
        String domain = to.substring(to.indexOf('@') + 1);
        for (String exchange : exchanges(dns, domain)) {
            String address = lookUp(dns, exchange, "A").get(0);
            String reply = send(new InetSocketAddress(address, port), to);
            if (reply.startsWith("2") || reply.startsWith("5")) {
                return;
            }
        }
    }

    static List<String> exchanges(InetSocketAddress dns, String domain) throws NamingException {
        return lookUp(dns, domain, "MX").stream()
                .map(text -> text.split(" "))
                .sorted(Comparator.comparing(parts -> Integer.parseInt(parts[0])))
                .map(parts -> parts[1])
                .toList();
    }

    private static List<String> lookUp(InetSocketAddress dns, String name, String type)
            throws NamingException {
        var settings = new Hashtable<String, String>();
        settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        settings.put(
                Context.PROVIDER_URL,
                "dns://" + dns.getAddress().getHostAddress() + ":" + dns.getPort());
        Attribute found =
                new InitialDirContext(settings).getAttributes(name, new String[] {type}).get(type);
        List<String> values = new ArrayList<>();
        for (int i = 0; found != null && i < found.size(); i++) {
            values.add((String) found.get(i));
        }
        return values;
    }

    private static String readReply(BufferedReader in) throws IOException {
        String line = in.readLine();
        while (line != null && line.length() > 3 && line.charAt(3) == '-') {
            line = in.readLine();
        }
        if (line == null) {
            throw new IOException("the connection ended");
        }
        return line;
    }
}

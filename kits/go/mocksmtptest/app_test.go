package mocksmtptest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// app is the program under test: it sends mail, and retries as a queue does.
type app struct {
	smtp string
	t    *testing.T
}

// send accepts a mail for delivery; what becomes of it, the caller does not learn.
func (a app) send(sender, recipient string) {
	id := rand.IntN(1 << 30)
	text := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Hello\r\nMessage-ID: <%d@here.test>\r\n\r\nHello\r\n", sender, recipient, id)
	done := make(chan struct{})
	stop, cancel := context.WithCancel(context.Background())
	a.t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		a.deliver(stop, sender, recipient, text)
	}()
}

func (a app) deliver(stop context.Context, sender, recipient, text string) {
	for range 50 {
		err := smtp.SendMail(a.smtp, nil, sender, []string{recipient}, []byte(text))
		var refused *textproto.Error
		switch {
		case err == nil:
			return
		case errors.As(err, &refused) && refused.Code >= 500:
			a.bounce(sender, recipient, refused)
			return
		}
		select {
		case <-stop.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (a app) bounce(sender, recipient string, refused *textproto.Error) {
	status, _, _ := strings.Cut(refused.Msg, " ")
	report := strings.Join([]string{
		"From: mailer-daemon@here.test", "To: " + sender, "Subject: Undelivered mail", "MIME-Version: 1.0",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
		"--b", "", "It was not delivered.",
		"--b", "Content-Type: message/delivery-status", "",
		"Reporting-MTA: dns; app.test", "",
		"Final-Recipient: rfc822; " + recipient, "Action: failed", "Status: " + status, "", "--b--", "",
	}, "\r\n")
	_ = smtp.SendMail(a.smtp, nil, "", []string{sender}, []byte(report))
}

// sendByMX delivers as a mail server: it tries the exchanges in the order of preference.
func sendByMX(t *testing.T, dns, recipient, port string) {
	t.Helper()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, dns)
	}}
	_, domain, _ := strings.Cut(recipient, "@")
	exchanges, err := resolver.LookupMX(t.Context(), domain)
	if err != nil {
		t.Fatal(err)
	}
	for _, exchange := range exchanges {
		addresses, err := resolver.LookupHost(t.Context(), exchange.Host)
		if err != nil {
			t.Fatal(err)
		}
		address := net.JoinHostPort(addresses[0], port)
		if smtp.SendMail(address, nil, "me@here.test", []string{recipient}, []byte("Subject: Hello\r\n\r\nHello\r\n")) == nil {
			return
		}
	}
	t.Fatal("no exchange accepted the mail")
}

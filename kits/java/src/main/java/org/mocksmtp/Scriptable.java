package org.mocksmtp;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.function.Consumer;
import org.mocksmtp.client.model.BehaviorInput;
import org.mocksmtp.client.model.HostInput;

/** What can be set on a mail host: behaviors, recipes, its own settings. */
public abstract class Scriptable extends Recipes {
    Scriptable() {}

    /** The host that the methods change. */
    abstract MockHost host();

    @Override
    void applyRecipe(String name, Map<String, ?> values) {
        Cookbook.apply(host(), name, values);
    }

    /**
     * Begin a behavior: {@code when(RCPT_TO).contains("bob@").reply(550, "5.1.1 No such user")}.
     * Behaviors answer in the order in which they were set; the first that matches decides.
     */
    public When when(Command command) {
        return new When(host(), command);
    }

    /** Add a behavior as a document of the API, for fields without a method. */
    public Behavior add(BehaviorInput behavior) {
        return host().addBehavior(behavior);
    }

    /** Add behaviors as JSON: a document, or an array, as in the cookbook. */
    public void addJson(String json) {
        host().addBehaviors(json);
    }

    /** Remove all behaviors. */
    public void clear() {
        host().clearBehaviors();
    }

    /** Change the host's settings: its name in the banner, its capabilities, limits, TLS, AUTH. */
    public void configure(Consumer<HostInput> change) {
        var fields = new HostInput();
        change.accept(fields);
        host().change(host().service().tree(fields));
    }

    /** The address and port of the SMTP listener. */
    public InetSocketAddress smtp() {
        return host().listener();
    }

    /** The address of the SMTP listener. */
    public String address() {
        return smtp().getAddress().getHostAddress();
    }

    /** The port of the SMTP listener. */
    public int port() {
        return smtp().getPort();
    }
}

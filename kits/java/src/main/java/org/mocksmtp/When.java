package org.mocksmtp;

import java.util.ArrayList;
import java.util.List;
import org.mocksmtp.client.model.BehaviorInput;
import org.mocksmtp.client.model.ConditionInput;
import org.mocksmtp.client.model.ConditionInput.OperatorEnum;
import org.mocksmtp.client.model.ResponseInput;

/**
 * The condition of a behavior: see {@link Scriptable#when}. Several conditions must all be true.
 * {@link #reply}, {@link #close}, {@link #reset} and {@link #hang} set the behavior.
 */
public final class When extends Gates<When> {
    private final MockHost host;
    private final List<ConditionInput> conditions = new ArrayList<>();
    private String target;

    When(MockHost host, Command command) {
        super(new BehaviorInput().command(command.model()));
        this.host = host;
    }

    @Override
    When changed() {
        return this;
    }

    /**
     * Test another value than the argument of the command, for the conditions that follow: {@code
     * sender}, {@code recipient}, {@code helo}, {@code clientIp}, {@code header.subject}, …
     */
    public When on(String target) {
        this.target = target;
        return this;
    }

    /** The value contains this text. */
    public When contains(String text) {
        return condition(OperatorEnum.CONTAINS, text);
    }

    /** The value is this text. */
    public When equalTo(String text) {
        return condition(OperatorEnum.EQUALS, text);
    }

    /** The value begins with this text. */
    public When startsWith(String text) {
        return condition(OperatorEnum.STARTS_WITH, text);
    }

    /** The value ends with this text. */
    public When endsWith(String text) {
        return condition(OperatorEnum.ENDS_WITH, text);
    }

    /** The whole value matches this regular expression (RE2). */
    public When matches(String pattern) {
        return condition(OperatorEnum.MATCHES, pattern);
    }

    /** Compare the value of the last condition without regard to case. */
    public When ignoringCase() {
        if (conditions.isEmpty()) {
            throw new IllegalStateException("ignoringCase() must follow a condition");
        }
        conditions.get(conditions.size() - 1).setIgnoreCase(true);
        return this;
    }

    /** Any condition of the API, for operators without a method. */
    public When condition(ConditionInput condition) {
        conditions.add(condition);
        return this;
    }

    private When condition(OperatorEnum operator, String value) {
        return condition(
                new ConditionInput().operator(operator).target(target).matchingValue(value));
    }

    /** Send this reply, with the text {@code 5.1.1 No such user}, for example. */
    public Behavior reply(int code, String text) {
        return respond(new ResponseInput().code(code).message(text));
    }

    /** Send this reply, with the server's own text. */
    public Behavior reply(int code) {
        return respond(new ResponseInput().code(code));
    }

    /** Close the connection without a reply. */
    public Behavior close() {
        return respond(new ResponseInput().then(ResponseInput.ThenEnum.CLOSE));
    }

    /** Reset the connection (RST) without a reply. */
    public Behavior reset() {
        return respond(new ResponseInput().then(ResponseInput.ThenEnum.RESET));
    }

    /** Neither reply nor read any more. */
    public Behavior hang() {
        return respond(new ResponseInput().then(ResponseInput.ThenEnum.HANG));
    }

    /** Keep the mail, then reset the connection before the reply: the client may send it again. */
    public Behavior keepThenReset() {
        return respond(
                new ResponseInput()
                        .then(ResponseInput.ThenEnum.RESET)
                        .effect(ResponseInput.EffectEnum.APPLY));
    }

    /** Any response of the API, for fields without a method. */
    public Behavior respond(ResponseInput response) {
        document.setResponse(response);
        if (conditions.size() == 1) {
            document.setCondition(conditions.get(0));
        } else if (!conditions.isEmpty()) {
            document.setCondition(
                    new ConditionInput().operator(OperatorEnum.ALL).conditions(conditions));
        }
        return host.addBehavior(document);
    }
}

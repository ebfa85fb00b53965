package org.mocksmtp;

import java.time.Duration;
import org.mocksmtp.client.api.SmtpBehaviorsApi;
import org.mocksmtp.client.model.BehaviorInput;
import org.mocksmtp.client.model.BehaviorPatch;
import org.mocksmtp.client.model.ResponseInput;

/** A behavior that a host has. Each method changes it at once and keeps its counters. */
public final class Behavior extends Gates<Behavior> {
    private final MockHost host;
    private final String id;

    Behavior(MockHost host, String id, BehaviorInput document) {
        super(document);
        this.host = host;
        this.id = id;
    }

    /** Its id in the API. */
    public String id() {
        return id;
    }

    @Override
    Behavior changed() {
        Service service = host.ofHost();
        var sent = service.convert(document, BehaviorPatch.class);
        service.call(api -> new SmtpBehaviorsApi(api).patchBehavior(id, sent));
        return this;
    }

    /** Wait before the reply. */
    public Behavior delay(Duration time) {
        document.getResponse().setDelay(time.toMillis());
        return changed();
    }

    /** Close the connection after the reply. */
    public Behavior thenClose() {
        document.getResponse().setThen(ResponseInput.ThenEnum.CLOSE);
        return changed();
    }

    /** Reset the connection after the reply. */
    public Behavior thenReset() {
        document.getResponse().setThen(ResponseInput.ThenEnum.RESET);
        return changed();
    }

    /** Keep the mail, although the reply may refuse it. */
    public Behavior keeping() {
        document.getResponse().setEffect(ResponseInput.EffectEnum.APPLY);
        return changed();
    }

    /** Discard the mail, although the reply may accept it. */
    public Behavior discarding() {
        document.getResponse().setEffect(ResponseInput.EffectEnum.DISCARD);
        return changed();
    }

    /** How many times it has answered. */
    public long fired() {
        return host.ofHost().call(api -> new SmtpBehaviorsApi(api).getBehavior(id)).getFired();
    }

    /** Remove it. */
    public void remove() {
        host.ofHost().run(api -> new SmtpBehaviorsApi(api).deleteBehavior(id));
    }
}

package org.mocksmtp;

import java.time.Duration;
import org.mocksmtp.client.model.BehaviorInput;

/** How often, when and for whom a behavior answers. */
abstract class Gates<T> {
    final BehaviorInput document;

    Gates(BehaviorInput document) {
        this.document = document;
    }

    /** Apply what has changed, and return the object for further calls. */
    abstract T changed();

    /** Answer only this many times. */
    public T times(int number) {
        document.setNumberOfAnswer((long) number);
        return changed();
    }

    /** Answer once. */
    public T once() {
        return times(1);
    }

    /** Let this many matching commands pass first. */
    public T skip(int number) {
        document.setSkip(number);
        return changed();
    }

    /** Count separately for each value of a key, such as {@code recipient} or {@code clientIp}. */
    public T per(String key) {
        document.setPer(key);
        return changed();
    }

    /** Answer only for this time after the first match. */
    public T activeFor(Duration time) {
        document.setActiveFor((double) time.toMillis());
        return changed();
    }

    /** Answer with this probability, from 0 to 1; the host's seed decides. */
    public T withProbability(double probability) {
        document.setProbability(probability);
        return changed();
    }

    /** A name, which reports and messages of failed assertions show. */
    public T named(String name) {
        document.setName(name);
        return changed();
    }
}

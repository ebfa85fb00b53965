package org.mocksmtp;

import java.time.Duration;

/**
 * A part of a search for deliveries or mails: an address, a number, or a time to wait. The static
 * methods of {@link MockSmtp} create them.
 */
@FunctionalInterface
public interface Search {
    /** Set a term. */
    void set(Terms terms);

    /** All terms of a search; null stands for any. */
    final class Terms {
        String to;
        String from;
        String subject;
        String bounceOf;
        Verdict verdict;
        Integer copies;
        int count = 1;
        Duration within;
        Duration settle;

        private Terms() {}

        static Terms of(Duration within, Search... parts) {
            var terms = new Terms();
            terms.within = within;
            for (Search part : parts) {
                part.set(terms);
            }
            return terms;
        }

        /** As a phrase: {@code to bob@x.test from me@here.test}. */
        @Override
        public String toString() {
            var shown = new StringBuilder();
            append(shown, "to", to);
            append(shown, "from", from);
            append(shown, "with subject", subject);
            append(shown, "that bounces", bounceOf);
            append(shown, "that ended as", verdict);
            append(shown, "with copies:", copies);
            return shown.toString();
        }

        private static void append(StringBuilder shown, String word, Object value) {
            if (value != null) {
                shown.append(' ').append(word).append(' ').append(value);
            }
        }
    }
}

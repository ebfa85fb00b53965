package mocksmtptest

import "time"

// SetRequestTimeout sets it for a test, and returns what restores it.
func SetRequestTimeout(limit time.Duration) func() {
	before := requestTimeout
	requestTimeout = limit
	return func() { requestTimeout = before }
}

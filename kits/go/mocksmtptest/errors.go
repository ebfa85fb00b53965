package mocksmtptest

import (
	"errors"
	"fmt"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
)

// What can fail; an error wraps one of these, or is an [APIError].
var (
	// ErrNoServer means that no service was found or started, or that it cannot be reached.
	ErrNoServer = errors.New("no mocksmtp")
	// ErrInvalidURL means that the URL of the service is no URL of HTTP.
	ErrInvalidURL = errors.New("not the URL of a service")
	// ErrWrongToken means that the service requires another bearer token.
	ErrWrongToken = errors.New("wrong token")
	// ErrOlderServer means that the service is older than this package.
	ErrOlderServer = errors.New("mocksmtp is too old")
	// ErrTimedOut means that the service did not answer in time, or that what a test waits for did not happen.
	ErrTimedOut = errors.New("timed out")
	// ErrPortInUse means that another program uses the port of a listener.
	ErrPortInUse = errors.New("port in use")
	// ErrNotMockSMTP means that something else than mocksmtp answers at the URL.
	ErrNotMockSMTP = errors.New("not mocksmtp")
)

// APIError is the refusal of a request (RFC 9457).
type APIError struct {
	// Request is the method and the URL.
	Request string
	// Problem is the problem document; Errors names each invalid field.
	Problem api.Problem
}

func (e *APIError) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.Request, e.Problem.Status, e.Problem.Detail)
	if fields := e.Problem.Errors; fields != nil && len(*fields) > 1 {
		for _, field := range *fields {
			text += fmt.Sprintf("\n  %s: %s", field.Path, field.Message)
		}
	}
	return text
}

package mocksmtptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
)

// requestTimeout limits a request, in addition to the wait that it asks for.
var requestTimeout = 10 * time.Second

// Connect returns a client of a service, or of one of its hosts (…/hosts/NAME). Its calls
// return the errors of this package for every answer that is not a success. A URL without a
// scheme is one of HTTP.
func Connect(rootURL, token string) (*api.ClientWithResponses, error) {
	root, err := rootOf(rootURL)
	if err != nil {
		return nil, err
	}
	return api.NewClientWithResponses(root, api.WithHTTPClient(doer{token}))
}

// rootOf returns the root of the API, without a slash at the end.
func rootOf(given string) (string, error) {
	root := strings.TrimSpace(given)
	if !strings.Contains(root, "://") {
		root = "http://" + root
	}
	root = strings.TrimRight(root, "/")
	parsed, err := url.Parse(root)
	var reason string
	switch {
	case err != nil:
		reason = strings.TrimPrefix(err.Error(), fmt.Sprintf("parse %q: ", root))
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		reason = fmt.Sprintf("the scheme %q is not http or https", parsed.Scheme)
	case parsed.Hostname() == "":
		reason = "it names no host"
	default:
		return root, nil
	}
	return "", fmt.Errorf("%w: %q (%s); MOCKSMTP_URL must be the address of the API, for example http://127.0.0.1:8000",
		ErrInvalidURL, given, reason)
}

// client sends requests; the API redirects nowhere.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// doer sends requests and makes errors of answers that are not a success.
type doer struct{ token string }

func (d doer) Do(request *http.Request) (*http.Response, error) {
	wait, _ := time.ParseDuration(request.URL.Query().Get("wait"))
	limit := wait + requestTimeout
	ctx, cancel := context.WithTimeout(request.Context(), limit)
	defer cancel()
	if d.token != "" {
		request.Header.Set("Authorization", "Bearer "+d.token)
	}
	shown := fmt.Sprintf("%s %s://%s%s", request.Method, request.URL.Scheme, request.URL.Host, request.URL.Path)
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return nil, unreachable(request.Context(), shown, limit, err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, unreachable(request.Context(), shown, limit, err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	kind := response.Header.Get("Content-Type")
	if response.StatusCode >= 300 {
		if place := response.Header.Get("Location"); place != "" && response.StatusCode < 400 {
			return nil, fmt.Errorf("%w: %s: the answer is %d, a redirect to %s; check MOCKSMTP_URL",
				ErrNotMockSMTP, shown, response.StatusCode, place)
		}
		return nil, refusal(shown, kind, response.StatusCode, body)
	}
	if kind == "application/json" && !json.Valid(body) {
		return nil, foreign(shown, response.StatusCode, body)
	}
	return response, nil
}

func unreachable(ctx context.Context, shown string, limit time.Duration, err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", shown, ctx.Err())
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %s: no answer within %s", ErrTimedOut, shown, limit)
	case strings.Contains(err.Error(), "malformed HTTP"):
		return fmt.Errorf("%w: %s: %s; check MOCKSMTP_URL", ErrNotMockSMTP, shown, err)
	}
	return fmt.Errorf("%w: %s: %s; is the service running? Check MOCKSMTP_URL", ErrNoServer, shown, err)
}

func foreign(shown string, status int, body []byte) error {
	start := string(body[:min(len(body), 60)])
	return fmt.Errorf("%w: %s: the answer is %d %q; check MOCKSMTP_URL", ErrNotMockSMTP, shown, status, start)
}

func refusal(shown, kind string, status int, body []byte) error {
	var problem api.Problem
	if kind != "application/problem+json" || json.Unmarshal(body, &problem) != nil {
		return foreign(shown, status, body)
	}
	detail := problem.Detail
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w: %s: %s; set MOCKSMTP_TOKEN to the token of the service", ErrWrongToken, shown, detail)
	case strings.HasPrefix(detail, "no such route"), status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return fmt.Errorf("%w: %s: %s; update mocksmtp", ErrOlderServer, shown, detail)
	case status == http.StatusConflict && strings.Contains(detail, "in use") && !strings.Contains(detail, "name"):
		return fmt.Errorf("%w: %s: %s", ErrPortInUse, shown, detail)
	}
	return &APIError{Request: shown, Problem: problem}
}

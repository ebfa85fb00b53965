// Package mocksmtptest tests how a program sends mail: what it does when a mail host is
// busy, rejects, resets or is down.
//
//	func TestBusyHost(t *testing.T) {
//		m := mocksmtptest.Start(t)
//		m.When("RCPT TO").Contains("bob@").Reply(450, "4.2.1 Busy").Times(2)
//		app.Send(m.SMTP, "bob@x.test")
//		d := m.Delivery(t, "bob@x.test")
//		if !slices.Equal(d.Verdicts, []string{"deferred", "deferred", "accepted"}) {
//			t.Error(d.Verdicts)
//		}
//	}
//
// The service is the one at MOCKSMTP_URL, otherwise mocksmtp on the PATH, otherwise
// `uvx mocksmtp`, otherwise a container.
package mocksmtptest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
)

// defaultWait is how long a test waits for what it expects.
const defaultWait = 10 * time.Second

// reportLines is how many lines of a report a failed test prints.
const reportLines = 80

// Mail is a mail of a host.
type Mail = api.Mail

// Attempt is one recipient in one transaction, or a connection that named no recipient.
type Attempt = api.SmtpAttempt

// Delivery is all attempts to deliver one mail to one recipient.
type Delivery struct {
	api.Delivery
	// Final is the last verdict: accepted, deferred, rejected or none.
	Final string
	// Verdicts are those of all attempts, in order.
	Verdicts []string
	// Hosts are the hosts of the attempts; exchanges have their labels: mx1, mx2.
	Hosts []string
}

// Bounce is one recipient of a bounce (RFC 3464), and the mail that reports it.
type Bounce struct {
	api.Bounce
	Mail Mail
}

// Mock is what a test uses: a mail host with its domain, its mails and deliveries.
type Mock struct {
	*Host
	// Domain is a domain whose mail exchange this host is.
	Domain string
	// DNS is the address of the DNS server, host:port; empty if the service has none.
	DNS string

	created   bool
	records   bool
	exchanges []*Exchange
	before    struct{ mail, delivery, attempt string }
}

// Exchange is a mail exchange of a domain.
type Exchange struct {
	*Host
	// Label is its name in deliveries: mx1.
	Label string
	// Exchange is its name in the DNS.
	Exchange string
}

// Option is an option of Start.
type Option func(*startOptions)

type startOptions struct {
	server *Server
	host   string
	domain string
}

// On uses a service that the test has started itself.
func On(server *Server) Option { return func(o *startOptions) { o.server = server } }

// ExistingHost uses a host that exists, for example "default", and resets it.
func ExistingHost(name string) Option { return func(o *startOptions) { o.host = name } }

// ForDomain sets the domain whose mail exchange the host is; by default it gets one of its own.
func ForDomain(name string) Option { return func(o *startOptions) { o.domain = name } }

var started atomic.Int64

// Start creates a mail host for the test, and removes it when the test ends. If the test
// fails, its log reports what was tried, what was refused and why.
//
// All tests of the process share one service, which the first call starts.
func Start(t testing.TB, options ...Option) *Mock {
	t.Helper()
	var chosen startOptions
	for _, option := range options {
		option(&chosen)
	}
	mock, err := open(t, chosen)
	if err != nil {
		t.Fatalf("mocksmtp: %s", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		if t.Failed() {
			t.Log(mock.explanation(ctx))
		}
		if err := mock.close(ctx); err != nil {
			t.Errorf("mocksmtp: %s", err)
		}
	})
	return mock
}

func open(t testing.TB, options startOptions) (*Mock, error) {
	ctx, server := t.Context(), options.server
	if server == nil {
		var err error
		// Not the context of the test, because the service outlives it.
		if server, err = SharedServer(context.Background()); err != nil {
			return nil, err
		}
	}
	if options.host != "" {
		return openExisting(t, ctx, server, options)
	}
	name := fmt.Sprintf("t%d-%06x", started.Add(1), rand.IntN(1<<24))
	if options.domain == "" {
		options.domain = name + ".test"
	}
	smtp, err := createHost(ctx, server, name, placed(options.domain, "mx."+options.domain, 10))
	if err != nil {
		return nil, err
	}
	host, err := newHost(t, ctx, server, name, smtp)
	return &Mock{Host: host, Domain: options.domain, DNS: server.DNS, created: true}, err
}

func openExisting(t testing.TB, ctx context.Context, server *Server, options startOptions) (*Mock, error) {
	found, err := server.API.GetHostWithResponse(ctx, options.host)
	if err != nil {
		return nil, err
	}
	domain := options.domain
	if domains := found.JSON200.Dns.Domains; domain == "" && len(domains) > 0 {
		domain = domains[0].Name
	}
	host, err := newHost(t, ctx, server, options.host, server.reachable(first(found.JSON200.Addresses)))
	if err != nil {
		return nil, err
	}
	_, err = host.API.ResetWithResponse(ctx, nil)
	return &Mock{Host: host, Domain: domain, DNS: server.DNS}, err
}

func (m *Mock) close(ctx context.Context) error {
	var errs []error
	for _, one := range m.exchanges {
		_, err := m.Server.API.DeleteHostWithResponse(ctx, one.Name)
		errs = append(errs, err)
	}
	if m.records {
		_, err := m.Server.API.DeleteRecordsWithResponse(ctx, &api.DeleteRecordsParams{Tag: &m.Name})
		errs = append(errs, err)
	}
	var err error
	if m.created {
		_, err = m.Server.API.DeleteHostWithResponse(ctx, m.Name)
	} else {
		_, err = m.API.ResetWithResponse(ctx, nil)
	}
	return errors.Join(append(errs, err)...)
}

// WithContext returns the same mock; its requests and waits end with the context.
func (m *Mock) WithContext(ctx context.Context) *Mock {
	host, mock := *m.Host, *m
	host.ctx = ctx
	mock.Host = &host
	return &mock
}

// Exchanges creates mail exchanges of a domain: mx1, mx2 … in this order of preference.
// They listen on the same port of different addresses, where possible. Tests that run at
// the same time on one service need different domains, for example m.Domain.
func (m *Mock) Exchanges(t testing.TB, domain string, count int) []*Exchange {
	t.Helper()
	if err := m.remember(); err != nil {
		t.Fatalf("mocksmtp: %s", err)
	}
	for attempt := 1; ; attempt++ {
		created, err := m.createExchanges(domain, count)
		if err == nil {
			m.exchanges = append(m.exchanges, created...)
			return created
		}
		for _, one := range created {
			_, _ = m.Server.API.DeleteHostWithResponse(m.ctx, one.Name)
		}
		// The port of the first may not be free at the address of another.
		if attempt == 5 || !errors.Is(err, ErrPortInUse) {
			t.Fatalf("mocksmtp: %s", err)
		}
	}
}

func (m *Mock) createExchanges(domain string, count int) (created []*Exchange, err error) {
	loopback := m.Server.isLocal() && runtime.GOOS == "linux"
	network, port := fmt.Sprintf("127.%d.%d", 64+rand.IntN(190), rand.IntN(256)), 0
	for number := 1; number <= count; number++ {
		label := "mx" + strconv.Itoa(number)
		name := fmt.Sprintf("%s-%s-%d", m.Name, label, len(m.exchanges))
		exchange := label + "." + domain
		document := placed(domain, exchange, 10*number)
		if loopback {
			address := fmt.Sprintf("%s.%d", network, number)
			document.Listeners = &[]api.ListenerInput{{Address: &address, Port: pointer(port)}}
		}
		smtp, err := createHost(m.ctx, m.Server, name, document)
		if err != nil {
			return created, err
		}
		if _, text, err := net.SplitHostPort(smtp); err == nil && loopback {
			port, _ = strconv.Atoi(text)
		}
		host, err := newHost(m.t, m.ctx, m.Server, name, smtp)
		if err != nil {
			return created, err
		}
		created = append(created, &Exchange{Host: host, Label: label, Exchange: exchange})
	}
	return created, nil
}

// remember notes the newest entries: those of other tests on the service are not newer.
func (m *Mock) remember() error {
	if len(m.exchanges) > 0 {
		return nil
	}
	newest := query(map[string]string{"order": "desc", "limit": "1", "host": "*"})
	mails, err := m.Server.API.ListMailsWithResponse(m.ctx, nil, newest)
	if err != nil {
		return err
	}
	deliveries, err := m.Server.API.ListDeliveriesWithResponse(m.ctx, nil, newest)
	if err != nil {
		return err
	}
	attempts, err := m.Server.API.ListAttemptsWithResponse(m.ctx, nil, newest)
	if err != nil {
		return err
	}
	for _, mail := range *mails.JSON200 {
		m.before.mail = *mail.Id
	}
	for _, delivery := range *deliveries.JSON200 {
		m.before.delivery = delivery.Id
	}
	for _, attempt := range *attempts.JSON200 {
		m.before.attempt = attempt.Id
	}
	return nil
}

// Filter selects deliveries, mails or attempts, and says how long to wait for them.
type Filter func(map[string]string)

// Where sets any parameter of the list, for example Where("code", "4xx").
func Where(name, value string) Filter { return func(q map[string]string) { q[name] = value } }

// Count sets how many results to wait for.
func Count(number int) Filter { return Where("count", strconv.Itoa(number)) }

// Within sets how long to wait; the default is 10 seconds.
func Within(time time.Duration) Filter { return Where("wait", duration(time)) }

// Settle sets how long the results must stay unchanged.
func Settle(time time.Duration) Filter { return Where("settle", duration(time)) }

// To selects a recipient.
func To(address string) Filter { return Where("to", address) }

// From selects a sender.
func From(address string) Filter { return Where("from", address) }

// Final selects deliveries by their last verdict: accepted, deferred, rejected or none.
func Final(verdict string) Filter { return Where("final", verdict) }

// Copies selects deliveries by the number of copies that were kept.
func Copies(number int) Filter { return Where("copies", strconv.Itoa(number)) }

// Subject selects mails by a part of the subject.
func Subject(text string) Filter { return Where("subject", text) }

// Deliveries returns the deliveries that match; with Count, Within or Settle it waits for them.
func (m *Mock) Deliveries(t testing.TB, filters ...Filter) []Delivery {
	t.Helper()
	found, err := m.deliveries(m.ctx, parameters(filters))
	check(t, err)
	return found
}

// Delivery waits for a delivery to a recipient, and returns the newest that matches. If
// there is none in time, the test fails with a message that reports what happened instead.
//
// Without Settle and filters on the result, it waits until the delivery is accepted or
// rejected, and returns it as it is if that does not happen in time.
func (m *Mock) Delivery(t testing.TB, recipient string, filters ...Filter) Delivery {
	t.Helper()
	wanted := parameters(append([]Filter{To(recipient), Count(1)}, filters...))
	limit, err := time.ParseDuration(wanted["wait"])
	check(t, err)
	deadline := time.Now().Add(limit)
	found, err := m.deliveries(m.ctx, wanted)
	check(t, err)
	if count, _ := strconv.Atoi(wanted["count"]); len(found) < max(count, 1) {
		t.Fatal(m.timedOut("delivery", wanted))
	}
	newest := found[len(found)-1]
	for _, decided := range []string{"settle", "final", "verdict", "copies", "code", "kept"} {
		if _, ok := wanted[decided]; ok {
			return newest
		}
	}
	if newest.Final == "accepted" || newest.Final == "rejected" {
		return newest
	}
	if len(found) > 1 {
		wanted["after"] = found[len(found)-2].Id
	}
	wanted["wait"] = duration(max(time.Until(deadline), 0))
	return m.finished(t, wanted, newest)
}

// finished waits until a delivery is accepted or rejected, whichever is first.
func (m *Mock) finished(t testing.TB, wanted map[string]string, newest Delivery) Delivery {
	t.Helper()
	ctx, cancel := context.WithCancel(m.ctx)
	defer cancel()
	results := make(chan []Delivery, 2)
	for _, final := range []string{"accepted", "rejected"} {
		go func() {
			found, _ := m.deliveries(ctx, with(wanted, "final", final))
			results <- found
		}()
	}
	for range 2 {
		if found := <-results; len(found) > 0 {
			return found[len(found)-1]
		}
	}
	response, err := m.Server.API.GetDeliveryWithResponse(m.ctx, newest.Id)
	check(t, err)
	return m.delivery(*response.JSON200)
}

func (m *Mock) deliveries(ctx context.Context, wanted map[string]string) ([]Delivery, error) {
	response, err := m.Server.API.ListDeliveriesWithResponse(ctx, nil, m.scope(wanted, m.before.delivery))
	if err != nil {
		return nil, err
	}
	found := make([]Delivery, 0, len(*response.JSON200))
	for _, one := range *response.JSON200 {
		found = append(found, m.delivery(one))
	}
	return found, nil
}

func (m *Mock) delivery(document api.Delivery) Delivery {
	delivery := Delivery{Delivery: document, Final: string(document.Final)}
	for _, verdict := range document.Verdicts {
		delivery.Verdicts = append(delivery.Verdicts, string(verdict))
	}
	for _, name := range document.Hosts {
		delivery.Hosts = append(delivery.Hosts, m.label(name))
	}
	return delivery
}

func (m *Mock) label(name string) string {
	for _, one := range m.exchanges {
		if one.Name == name {
			return one.Label
		}
	}
	return name
}

// Attempts returns the attempts that match; with Count, Within or Settle it waits for them.
func (m *Mock) Attempts(t testing.TB, filters ...Filter) []Attempt {
	t.Helper()
	response, err := m.Server.API.ListAttemptsWithResponse(m.ctx, nil, m.scope(parameters(filters), m.before.attempt))
	check(t, err)
	return *response.JSON200
}

// Mails returns the mails that match; with Count, Within or Settle it waits for them.
func (m *Mock) Mails(t testing.TB, filters ...Filter) []Mail {
	t.Helper()
	wanted := with(parameters(filters), "view", "full")
	response, err := m.Server.API.ListMailsWithResponse(m.ctx, nil, m.scope(wanted, m.before.mail))
	check(t, err)
	return *response.JSON200
}

// Mail waits for a mail, and returns the newest that matches. If there is none in time, the
// test fails with a message that reports what happened instead.
func (m *Mock) Mail(t testing.TB, filters ...Filter) Mail {
	t.Helper()
	filters = append([]Filter{Count(1)}, filters...)
	found, wanted := m.Mails(t, filters...), parameters(filters)
	if count, _ := strconv.Atoi(wanted["count"]); len(found) < max(count, 1) {
		t.Fatal(m.timedOut("mail", wanted))
	}
	return found[len(found)-1]
}

// Bounce waits for a bounce (RFC 3464) that reports a recipient.
func (m *Mock) Bounce(t testing.TB, recipient string, filters ...Filter) Bounce {
	t.Helper()
	mail := m.Mail(t, append([]Filter{Where("bounceOf", recipient)}, filters...)...)
	reports := *mail.Bounce
	index := slices.IndexFunc(reports, func(one api.Bounce) bool { return strings.EqualFold(one.Recipient, recipient) })
	return Bounce{Bounce: reports[max(index, 0)], Mail: mail}
}

// AddRecords adds DNS records; they are removed after the test.
func (m *Mock) AddRecords(records ...api.RecordInput) {
	m.t.Helper()
	m.records = true
	for index := range records {
		records[index].Tag = &m.Name
	}
	_, err := m.Server.API.AddRecordsWithResponse(m.ctx, records)
	m.check(err)
}

// Report returns what happened, as text: deliveries, near misses, behaviors that never
// answered, and transcripts.
func (m *Mock) Report(t testing.TB) string {
	t.Helper()
	text, err := m.report(m.ctx)
	check(t, err)
	return text
}

func (m *Mock) report(ctx context.Context) (string, error) {
	hosts := []*Host{m.Host}
	for _, one := range m.exchanges {
		hosts = append(hosts, one.Host)
	}
	var texts []string
	for _, host := range hosts {
		response, err := m.Server.API.GetReportWithResponse(ctx, nil, query(map[string]string{"host": host.Name, "format": "text"}))
		if err != nil {
			return "", err
		}
		texts = append(texts, strings.TrimSpace(string(response.Body)))
	}
	text := strings.Join(texts, "\n\n")
	for _, one := range m.exchanges {
		text = strings.ReplaceAll(text, one.Name, one.Label)
	}
	return text, nil
}

// explanation is the beginning of the report, for a failed test.
func (m *Mock) explanation(ctx context.Context) string {
	text, err := m.report(ctx)
	if err != nil {
		return fmt.Sprintf("mocksmtp: no report: %s", err)
	}
	lines := strings.Split(text, "\n")
	if more := len(lines) - reportLines; more > 0 {
		lines = append(lines[:reportLines], fmt.Sprintf("… %d more lines: %s/report", more, m.Server.URL))
	}
	return fmt.Sprintf("mocksmtp, %s:\n%s", m.SMTP, strings.Join(lines, "\n"))
}

// timedOut is the message of a test that waited in vain; the report follows in its log.
func (m *Mock) timedOut(what string, wanted map[string]string) error {
	var shown []string
	for name, value := range wanted {
		if name != "wait" && !(name == "count" && value == "1") {
			shown = append(shown, name+"="+value)
		}
	}
	if slices.Sort(shown); len(shown) > 0 {
		what += " with " + strings.Join(shown, ", ")
	}
	return fmt.Errorf("%w: no %s within %s", ErrTimedOut, what, wanted["wait"])
}

// scope limits a list to the hosts of this test.
func (m *Mock) scope(wanted map[string]string, before string) api.RequestEditorFn {
	limited := with(wanted, "host", m.Name)
	if len(m.exchanges) > 0 {
		limited["host"] = "*"
		if _, ok := limited["after"]; !ok && before != "" {
			limited["after"] = before
		}
	}
	return query(limited)
}

// query sets the parameters of a request.
func query(parameters map[string]string) api.RequestEditorFn {
	return func(_ context.Context, request *http.Request) error {
		values := request.URL.Query()
		for name, value := range parameters {
			values.Set(name, value)
		}
		request.URL.RawQuery = values.Encode()
		return nil
	}
}

// parameters are the query of filters; whoever counts waits.
func parameters(filters []Filter) map[string]string {
	wanted := map[string]string{}
	for _, filter := range filters {
		filter(wanted)
	}
	_, counts := wanted["count"]
	_, settles := wanted["settle"]
	if _, ok := wanted["wait"]; !ok && (counts || settles) {
		wanted["wait"] = duration(defaultWait)
	}
	return wanted
}

func with(wanted map[string]string, name, value string) map[string]string {
	changed := map[string]string{name: value}
	for key, present := range wanted {
		if key != name {
			changed[key] = present
		}
	}
	return changed
}

// duration writes a time as the API reads it, and as time.ParseDuration does.
func duration(time time.Duration) string { return strconv.FormatInt(time.Milliseconds(), 10) + "ms" }

func placed(domain, exchange string, preference int) api.HostInput {
	domains := []api.MailDomainInput{{Name: domain, Preference: &preference}}
	return api.HostInput{Dns: &api.HostDnsInput{Names: &[]string{exchange}, Domains: &domains}}
}

func createHost(ctx context.Context, server *Server, name string, document api.HostInput) (string, error) {
	document.Name = &name
	if !server.isLocal() {
		addresses, err := net.DefaultResolver.LookupHost(ctx, server.hostname())
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoServer, err)
		}
		document.Listeners = &[]api.ListenerInput{{Address: pointer("0.0.0.0"), Port: pointer(0)}}
		document.Dns.Address = addresses[:1]
	}
	response, err := server.API.AddHostWithResponse(ctx, document)
	if err != nil {
		return "", err
	}
	return server.reachable(first(response.JSON201.Addresses)), nil
}

func check(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatalf("mocksmtp: %s", err)
	}
}

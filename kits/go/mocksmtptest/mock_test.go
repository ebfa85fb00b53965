package mocksmtptest_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
	"github.com/mocksmtp/mocksmtp/kits/go/mocksmtptest"
)

func equal(t *testing.T, found, wanted []string) {
	t.Helper()
	if !slices.Equal(found, wanted) {
		t.Errorf("got %v, want %v", found, wanted)
	}
}

// The mail is kept, but the sender does not know: there are two copies.
func TestKeepThenReset(t *testing.T) {
	m := mocksmtptest.Start(t)
	m.When("DATA").KeepThenReset().Times(1)
	app{m.SMTP, t}.send("me@here.test", "bob@x.test")
	d := m.Delivery(t, "bob@x.test", mocksmtptest.Copies(2))
	equal(t, d.Verdicts, []string{"none", "accepted"})
}

func TestBusyHost(t *testing.T) {
	m := mocksmtptest.Start(t)
	busy := m.When("RCPT TO").Contains("bob@").Reply(450, "4.2.1 Busy").Times(2).Named("busy")
	app{m.SMTP, t}.send("me@here.test", "bob@x.test")
	d := m.Delivery(t, "bob@x.test", mocksmtptest.Settle(300*time.Millisecond))
	equal(t, d.Verdicts, []string{"deferred", "deferred", "accepted"})
	if busy.Fired() != 2 || d.Copies != 1 || d.Final != "accepted" {
		t.Errorf("fired %d times; %+v", busy.Fired(), d)
	}
}

// Delivery waits until the mail is accepted, however often it is deferred.
func TestGreylisting(t *testing.T) {
	m := mocksmtptest.Start(t)
	m.Greylist(mocksmtptest.Values{"activeFor": 500 * time.Millisecond})
	app{m.SMTP, t}.send("me@here.test", "bob@x.test")
	if d := m.Delivery(t, "bob@x.test"); d.Final != "accepted" || len(d.Verdicts) < 2 {
		t.Errorf("%+v", d)
	}
}

func TestFailover(t *testing.T) {
	m := mocksmtptest.Start(t)
	exchanges := m.Exchanges(t, "x.test", 2)
	exchanges[0].Outage()
	_, port, _ := net.SplitHostPort(exchanges[1].SMTP)
	sendByMX(t, m.DNS, "bob@x.test", port)
	equal(t, m.Delivery(t, "bob@x.test").Hosts, []string{"mx1", "mx2"})
	if report := m.Report(t); !strings.Contains(report, "mx2 DATA: 250") {
		t.Error(report)
	}
	if mails := m.Mails(t); len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
}

func TestExchangeThatDoesNotListen(t *testing.T) {
	m := mocksmtptest.Start(t)
	exchanges := m.Exchanges(t, m.Domain, 2)
	exchanges[0].StopListening()
	_, port, _ := net.SplitHostPort(exchanges[1].SMTP)
	sendByMX(t, m.DNS, "bob@"+m.Domain, port)
	equal(t, m.Delivery(t, "bob@"+m.Domain).Hosts, []string{"mx2"})
}

func TestBounce(t *testing.T) {
	m := mocksmtptest.Start(t)
	m.When("RCPT TO").Contains("bob@").Reply(550, "5.1.1 No such user")
	app{m.SMTP, t}.send("me@here.test", "bob@x.test")
	if bounce := m.Bounce(t, "bob@x.test"); bounce.Status != "5.1.1" || *bounce.Mail.Subject != "Undelivered mail" {
		t.Errorf("%+v", bounce)
	}
	if d := m.Delivery(t, "bob@x.test"); d.Final != "rejected" {
		t.Errorf("%+v", d)
	}
}

// A delivery that is still deferred when the time is up is returned as it is.
func TestStillDeferred(t *testing.T) {
	m := mocksmtptest.Start(t)
	m.AlwaysDeferred(mocksmtptest.Values{"recipient": nil, "code": 452})
	app{m.SMTP, t}.send("me@here.test", "bob@x.test")
	d := m.Delivery(t, "bob@x.test", mocksmtptest.Within(300*time.Millisecond))
	if d.Final != "deferred" || d.Rounds[0][0].Reply.Code != 452 {
		t.Errorf("%+v", d)
	}
}

func TestConditions(t *testing.T) {
	m := mocksmtptest.Start(t)
	m.When("DATA").Target("header:Subject").Contains("hello").IgnoreCase().
		Target("size").AtLeast("10").Target("authUser").Not().Exists().
		Reply(451, "4.7.1 Later").Times(1)
	app{m.SMTP, t}.send("me@here.test", "bob@x.test")
	equal(t, m.Delivery(t, "bob@x.test").Verdicts, []string{"deferred", "accepted"})
}

// Each test has a host and a domain, with an MX, which end with it.
func TestIsolation(t *testing.T) {
	m := mocksmtptest.Start(t)
	var name string
	t.Run("another", func(t *testing.T) {
		other := mocksmtptest.Start(t, mocksmtptest.On(m.Server))
		name = other.Name
		other.AddRecords(api.RecordInput{Name: "x.test", Type: "TXT", Strings: &[]string{"v=spf1 -all"}})
		app{other.SMTP, t}.send("me@here.test", "bob@"+other.Domain)
		other.Mail(t, mocksmtptest.To("bob@"+other.Domain), mocksmtptest.Subject("hello"))
		route, err := m.Server.API.FindRouteWithResponse(t.Context(), &api.FindRouteParams{To: "bob@" + other.Domain})
		if err != nil || *route.JSON200.Exchanges[0].Addresses[0].Host != name {
			t.Errorf("%s %v", route.Body, err)
		}
		if len(m.Mails(t)) != 0 || len(m.Deliveries(t)) != 0 || len(m.Attempts(t)) != 0 {
			t.Error("the mail of another test")
		}
	})
	if _, err := m.Server.API.GetHostWithResponse(t.Context(), name); err == nil {
		t.Error("the host is still there")
	}
	records, err := m.Server.API.ListRecordsWithResponse(t.Context(), nil)
	if err != nil || strings.Contains(string(records.Body), "spf1") {
		t.Errorf("%s %v", records.Body, err)
	}
}

func TestExistingHost(t *testing.T) {
	m := mocksmtptest.Start(t, mocksmtptest.ExistingHost("default"))
	if m.SMTP != m.Server.SMTP {
		t.Errorf("%s is not %s", m.SMTP, m.Server.SMTP)
	}
	m.When("MAIL FROM").Reply(450)
	t.Run("is reset", func(t *testing.T) {
		m := mocksmtptest.Start(t, mocksmtptest.ExistingHost("default"))
		response, err := m.API.ListBehaviorsWithResponse(t.Context(), nil)
		if err != nil || string(response.Body) != "[]" {
			t.Errorf("%s %v", response.Body, err)
		}
	})
}

func TestRecipes(t *testing.T) {
	names := mocksmtptest.RecipeNames()
	if len(names) < 90 {
		t.Fatalf("%d recipes", len(names))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mocksmtptest.Start(t).ApplyRecipe(name, mocksmtptest.Values{"times": 1})
		})
	}
}

// A context ends a wait.
func TestContext(t *testing.T) {
	m := mocksmtptest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	before := time.Now()
	failed := run(t, func(t testing.TB) { m.WithContext(ctx).Delivery(t, "bob@x.test") })
	if !strings.Contains(failed, "context deadline exceeded") || time.Since(before) > 5*time.Second {
		t.Errorf("%q after %s", failed, time.Since(before))
	}
}

// What is wrong fails the test, with a message that names it.
func TestFatal(t *testing.T) {
	m := mocksmtptest.Start(t)
	for _, wrong := range []struct {
		call    func(t testing.TB)
		message string
	}{
		{func(t testing.TB) { m.Delivery(t, "bob@x.test", mocksmtptest.Within(10*time.Millisecond)) },
			"timed out: no delivery with to=bob@x.test within 10ms"},
		{func(t testing.TB) { m.Mail(t, mocksmtptest.Within(10*time.Millisecond)) }, "no mail within 10ms"},
		{func(t testing.TB) { m.Deliveries(t, mocksmtptest.Where("final", "maybe")) }, "one of: accepted"},
		{func(t testing.TB) { mocksmtptest.Start(t, mocksmtptest.On(m.Server)).When("RCPT").Reply(450) }, "$[0].command"},
		{func(t testing.TB) { mocksmtptest.Start(t, mocksmtptest.On(m.Server)).ApplyRecipe("outrage") }, `no recipe "outrage"`},
		{func(t testing.TB) {
			mocksmtptest.Start(t, mocksmtptest.On(m.Server)).Outage(mocksmtptest.Values{"cod": 421})
		}, `no parameter "cod"; one of: code, message, times`},
	} {
		if failed := run(t, wrong.call); !strings.Contains(failed, wrong.message) {
			t.Errorf("%q does not contain %q", failed, wrong.message)
		}
	}
}

// recorder is a test whose failure is only noted.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Fatal(values ...any) {
	for _, value := range values {
		if err, ok := value.(error); ok {
			r.said += err.Error()
		} else {
			r.said += value.(string)
		}
	}
	panic(r)
}

func (r *recorder) Fatalf(format string, values ...any) {
	r.Fatal(strings.TrimSpace(sprintf(format, values...)))
}

func run(t *testing.T, body func(testing.TB)) (said string) {
	t.Helper()
	recorded := &recorder{TB: t}
	defer func() {
		if failure := recover(); failure != nil && failure != any(recorded) {
			panic(failure)
		}
		said = recorded.said
	}()
	body(recorded)
	return ""
}

// TestFailing runs in a process of its own, because it fails.
func TestFailing(t *testing.T) {
	if os.Getenv("KIT_FAILING") == "" {
		t.Skip("run by TestReport")
	}
	m := mocksmtptest.Start(t)
	m.When("RCPT TO").Contains("BOB@").Reply(450).Named("Bob is busy")
	app{m.SMTP, t}.send("me@here.test", "bob@x.test")
	if d := m.Delivery(t, "bob@x.test"); d.Final != "deferred" {
		t.Errorf("got %s, want deferred", d.Final)
	}
}

// A failed test reports what was tried and why.
func TestReport(t *testing.T) {
	command := exec.Command(os.Args[0], "-test.run", "^TestFailing$")
	command.Env = append(os.Environ(), "KIT_FAILING=1")
	output, err := command.CombinedOutput()
	if err == nil {
		t.Fatal("the test has not failed")
	}
	for _, line := range []string{
		"got accepted, want deferred",
		"ACCEPTED bob@x.test from me@here.test",
		"DATA: 250 2.0.0 Message kept",
		"Bob is busy: recipient is 'bob@x.test', required: contains 'BOB@'",
	} {
		if !strings.Contains(string(output), line) {
			t.Errorf("%q is not in\n%s", line, output)
		}
	}
}

package mocksmtptest

import (
	"time"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
)

// When begins a behavior: m.When("RCPT TO").Contains("bob@").Reply(450, "4.2.1 Busy").Times(2).
//
// A response, for example Reply, sends it; what follows, for example Times, changes it.
type When struct {
	host       *Host
	command    string
	conditions []api.ConditionInput
	target     string
	negated    bool
}

// Response is what the server does.
type Response = api.ResponseInput

// Target names what the next condition is about, for example "header:Subject" or "helo".
func (w *When) Target(name string) *When { w.target = name; return w }

// Not negates the next condition.
func (w *When) Not() *When { w.negated = !w.negated; return w }

// Contains requires that the value contains a text.
func (w *When) Contains(text string) *When { return w.compare("contains", &text) }

// Equals requires a value.
func (w *When) Equals(text string) *When { return w.compare("equals", &text) }

// StartsWith requires that the value begins with a text.
func (w *When) StartsWith(text string) *When { return w.compare("startsWith", &text) }

// EndsWith requires that the value ends with a text.
func (w *When) EndsWith(text string) *When { return w.compare("endsWith", &text) }

// Matches requires that a regular expression (RE2) matches a part of the value.
func (w *When) Matches(expression string) *When { return w.compare("matches", &expression) }

// AtLeast requires a number of at least this one; the text may have a unit, for example "1MiB".
func (w *When) AtLeast(number string) *When { return w.compare("atLeast", &number) }

// LessThan requires a number below this one.
func (w *When) LessThan(number string) *When { return w.compare("lessThan", &number) }

// InNetwork requires an IP address in a network, for example "10.0.0.0/8".
func (w *When) InNetwork(network string) *When { return w.compare("inNetwork", &network) }

// Exists requires a value.
func (w *When) Exists() *When { return w.compare("exists", nil) }

// IgnoreCase makes the last condition ignore case.
func (w *When) IgnoreCase() *When {
	w.host.t.Helper()
	if len(w.conditions) == 0 {
		w.host.t.Fatal("IgnoreCase follows a condition, for example Contains")
	}
	last := &w.conditions[len(w.conditions)-1]
	if last.Condition != nil {
		last = last.Condition
	}
	last.IgnoreCase = pointer(true)
	return w
}

func (w *When) compare(operator string, value *string) *When {
	leaf := api.ConditionInput{Operator: api.ConditionInputOperator(operator), MatchingValue: value}
	if w.target != "" {
		leaf.Target = pointer(w.target)
	}
	if w.negated {
		leaf = api.ConditionInput{Operator: "not", Condition: pointer(leaf)}
	}
	w.conditions = append(w.conditions, leaf)
	w.target, w.negated = "", false
	return w
}

// Reply sends a code, and optionally a text that may begin with an enhanced code.
func (w *When) Reply(code int, message ...string) *Behavior {
	w.host.t.Helper()
	response := Response{Code: &code}
	if len(message) > 0 {
		response.Message = &message[0]
	}
	return w.Respond(response)
}

// Close closes the connection instead of a reply.
func (w *When) Close() *Behavior { w.host.t.Helper(); return w.then("close", "") }

// Reset resets the connection instead of a reply.
func (w *When) Reset() *Behavior { w.host.t.Helper(); return w.then("reset", "") }

// Hang sends nothing and reads nothing.
func (w *When) Hang() *Behavior { w.host.t.Helper(); return w.then("hang", "") }

// KeepThenReset executes the command, then resets the connection: the client does not know the result.
func (w *When) KeepThenReset() *Behavior { w.host.t.Helper(); return w.then("reset", "apply") }

// KeepThenClose executes the command, then closes the connection without a reply.
func (w *When) KeepThenClose() *Behavior { w.host.t.Helper(); return w.then("close", "apply") }

// AcceptAndLose replies that the mail was accepted, and keeps nothing.
func (w *When) AcceptAndLose() *Behavior {
	w.host.t.Helper()
	effect := api.ResponseInputEffect("discard")
	return w.Respond(Response{Code: pointer(250), Message: pointer("2.0.0 Queued"), Effect: &effect})
}

// Delay delays the server's own reply.
func (w *When) Delay(time time.Duration) *Behavior {
	w.host.t.Helper()
	return w.Respond(Response{Delay: milliseconds(time)})
}

func (w *When) then(end, effect string) *Behavior {
	w.host.t.Helper()
	response := Response{Then: pointer(api.ResponseInputThen(end))}
	if effect != "" {
		response.Effect = pointer(api.ResponseInputEffect(effect))
	}
	return w.Respond(response)
}

// Respond sends any response.
func (w *When) Respond(response Response) *Behavior {
	w.host.t.Helper()
	document := api.BehaviorInput{Command: api.BehaviorInputCommand(w.command), Response: &response}
	switch len(w.conditions) {
	case 0:
	case 1:
		document.Condition = &w.conditions[0]
	default:
		document.Condition = &api.ConditionInput{Operator: "all", Conditions: &w.conditions}
	}
	ids := w.host.AddBehaviors(document)
	return &Behavior{host: w.host, ID: ids[0]}
}

// Behavior is a behavior of the service.
type Behavior struct {
	host *Host
	// ID is its id in the API.
	ID string
}

// Times limits how often it answers, for each key.
func (b *Behavior) Times(number int) *Behavior {
	b.host.t.Helper()
	return b.change(api.BehaviorPatch{NumberOfAnswer: pointer(int64(number))})
}

// Skip sets how many matches are passed over first, for each key.
func (b *Behavior) Skip(number int) *Behavior {
	b.host.t.Helper()
	return b.change(api.BehaviorPatch{Skip: &number})
}

// Per sets what splits the counts, for example "recipient", or "clientIp" and "sender".
func (b *Behavior) Per(keys ...string) *Behavior {
	b.host.t.Helper()
	return b.change(api.BehaviorPatch{Per: keys})
}

// ActiveFor makes it answer only within this time after the first match of a key.
func (b *Behavior) ActiveFor(time time.Duration) *Behavior {
	b.host.t.Helper()
	return b.change(api.BehaviorPatch{ActiveFor: pointer(milliseconds(time))})
}

// Window makes a key be forgotten this long after its first match.
func (b *Behavior) Window(time time.Duration) *Behavior {
	b.host.t.Helper()
	return b.change(api.BehaviorPatch{Window: pointer(milliseconds(time))})
}

// Named gives it a name, which reports and explanations show.
func (b *Behavior) Named(name string) *Behavior {
	b.host.t.Helper()
	return b.change(api.BehaviorPatch{Name: &name})
}

// Enable switches it off or on; it keeps its counts.
func (b *Behavior) Enable(enabled bool) *Behavior {
	b.host.t.Helper()
	return b.change(api.BehaviorPatch{Enabled: &enabled})
}

func (b *Behavior) change(patch api.BehaviorPatch) *Behavior {
	b.host.t.Helper()
	_, err := b.host.API.PatchBehaviorWithResponse(b.host.ctx, b.ID, patch)
	b.host.check(err)
	return b
}

// Fired returns how often it has answered.
func (b *Behavior) Fired() int {
	b.host.t.Helper()
	response, err := b.host.API.GetBehaviorWithResponse(b.host.ctx, b.ID)
	b.host.check(err)
	if response.JSON200.Fired == nil {
		return 0
	}
	return int(*response.JSON200.Fired)
}

// Remove removes it.
func (b *Behavior) Remove() {
	b.host.t.Helper()
	_, err := b.host.API.DeleteBehaviorWithResponse(b.host.ctx, b.ID)
	b.host.check(err)
}

func pointer[T any](value T) *T { return &value }

func milliseconds(time time.Duration) float64 { return time.Seconds() * 1000 }

package mocksmtptest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
)

// Host is a mail host of the service, with its own listener, behaviors and mails.
//
// A method that fails ends the test with t.Fatal.
type Host struct {
	// Name is its name at the service.
	Name string
	// SMTP is the address of its listener, host:port.
	SMTP string
	// Server is the service.
	Server *Server
	// API is a client of its part of the API: ListMails lists the mails of this host.
	API *api.ClientWithResponses

	t   testing.TB
	ctx context.Context
}

func newHost(t testing.TB, ctx context.Context, server *Server, name, smtp string) (*Host, error) {
	client, err := Connect(server.URL+"/hosts/"+url.PathEscape(name), server.token)
	return &Host{Name: name, SMTP: smtp, Server: server, API: client, t: t, ctx: ctx}, err
}

// When begins a behavior: When("RCPT TO").Contains("bob@").Reply(450, "4.2.1 Busy").Times(2).
func (h *Host) When(command string) *When { return &When{host: h, command: command} }

// AddBehaviors adds behaviors as documents of the API, and returns their ids.
func (h *Host) AddBehaviors(behaviors ...api.BehaviorInput) []string {
	h.t.Helper()
	return h.addBehaviors(behaviors)
}

func (h *Host) addBehaviors(documents any) []string {
	h.t.Helper()
	body, err := json.Marshal(documents)
	h.check(err)
	response, err := h.API.AddBehaviorsWithBodyWithResponse(h.ctx, nil, "application/json", bytes.NewReader(body))
	h.check(err)
	return response.JSON201.Ids
}

// ClearBehaviors removes all behaviors: the host accepts every mail again.
func (h *Host) ClearBehaviors() {
	h.t.Helper()
	_, err := h.API.ClearBehaviorsWithResponse(h.ctx, nil)
	h.check(err)
}

// Change changes fields of the host's document, for example "capabilities", "limits", "tls" and "auth".
func (h *Host) Change(fields map[string]any) {
	h.t.Helper()
	h.check(h.change(fields))
}

func (h *Host) change(fields map[string]any) error {
	present, err := h.Server.API.GetHostWithResponse(h.ctx, h.Name)
	if err != nil {
		return err
	}
	var document map[string]any
	if err := json.Unmarshal(present.Body, &document); err != nil {
		return err
	}
	maps.Copy(document, fields)
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	_, err = h.Server.API.PutHostWithBodyWithResponse(h.ctx, h.Name, "application/json", bytes.NewReader(body))
	return err
}

// StopListening makes the host refuse connections; its DNS records stay.
func (h *Host) StopListening() {
	h.t.Helper()
	present, err := h.Server.API.GetHostWithResponse(h.ctx, h.Name)
	h.check(err)
	address, _, err := net.SplitHostPort(h.SMTP)
	h.check(err)
	dns := map[string]any{
		"names": present.JSON200.Dns.Names, "domains": present.JSON200.Dns.Domains, "address": []string{address},
	}
	h.Change(map[string]any{"listeners": []any{}, "dns": dns})
}

// check ends the test if there is an error.
func (h *Host) check(err error) {
	if err != nil {
		h.t.Helper()
		h.t.Fatalf("mocksmtp: %s", strings.TrimSpace(err.Error()))
	}
}

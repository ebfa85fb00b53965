package mocksmtptest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
	"github.com/mocksmtp/mocksmtp/kits/go/mocksmtptest"
)

var sprintf = fmt.Sprintf

// clean removes the settings of the service from the environment, and returns an empty folder.
func clean(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"MOCKSMTP_URL", "MOCKSMTP_TOKEN"} {
		t.Setenv(name, "") // restores it after the test
		_ = os.Unsetenv(name)
	}
	return folder
}

// install puts a program on the PATH, which notes its arguments.
func install(t *testing.T, folder, name, script string) {
	t.Helper()
	text := fmt.Sprintf("#!/bin/sh\necho \"$@\" > %s/%s.args\n%s\n", folder, name, script)
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func arguments(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name+".args"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("mocksmtp")
	if err != nil {
		t.Skip("mocksmtp is not on the PATH")
	}
	return path
}

func start(t *testing.T, options mocksmtptest.ServerOptions) *mocksmtptest.Server {
	t.Helper()
	server, err := mocksmtptest.StartServer(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

func fails(t *testing.T, options mocksmtptest.ServerOptions, kind error, message string) {
	t.Helper()
	server, err := mocksmtptest.StartServer(t.Context(), options)
	if err == nil {
		server.Stop()
	}
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), message) {
		t.Errorf("got %v, want %v with %q", err, kind, message)
	}
}

func TestLocatedByURL(t *testing.T) {
	t.Setenv("PATH", clean(t)+":"+os.Getenv("PATH"))
	server := start(t, mocksmtptest.ServerOptions{})
	t.Setenv("MOCKSMTP_URL", server.URL+"/")
	t.Setenv("PATH", "")
	found := start(t, mocksmtptest.ServerOptions{})
	found.Stop()
	if found.URL != server.URL || found.PID != 0 {
		t.Errorf("%+v", found)
	}
	if _, err := found.API.GetStatusWithResponse(t.Context()); err != nil {
		t.Errorf("it was ended: %s", err)
	}
}

func TestLocatedOnPath(t *testing.T) {
	mocksmtp, folder := program(t), clean(t)
	install(t, folder, "uvx", "exit 1")
	install(t, folder, "mocksmtp", "exec "+mocksmtp+" \"$@\"")
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	if server := start(t, mocksmtptest.ServerOptions{}); server.DNS == "" || server.SMTP == "" {
		t.Errorf("%+v", server)
	}
	if text := arguments(t, folder, "mocksmtp"); !strings.HasPrefix(text, "serve ") || !strings.Contains(text, "--exit-with-stdin") {
		t.Error(text)
	}
}

func TestLocatedByUvx(t *testing.T) {
	mocksmtp, folder := program(t), clean(t)
	install(t, folder, "docker", "exit 1")
	install(t, folder, "uvx", "shift; exec "+mocksmtp+" \"$@\"")
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	start(t, mocksmtptest.ServerOptions{})
	if text := arguments(t, folder, "uvx"); !strings.HasPrefix(text, "mocksmtp serve ") {
		t.Error(text)
	}
}

func TestLocatedInContainer(t *testing.T) {
	mocksmtp, folder := program(t), clean(t)
	install(t, folder, "uvx", "echo no network >&2; exit 1")
	install(t, folder, "docker", `while [ "$1" != the-image:1 ]; do shift; done; shift; exec `+mocksmtp+` serve "$@"`)
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	t.Setenv("MOCKSMTP_IMAGE", "the-image:1")
	start(t, mocksmtptest.ServerOptions{})
	if text := arguments(t, folder, "docker"); !strings.HasPrefix(text, "run --rm --interactive --network host ") {
		t.Error(text)
	}
}

func TestNotLocated(t *testing.T) {
	folder := clean(t)
	t.Setenv("PATH", folder)
	fails(t, mocksmtptest.ServerOptions{}, mocksmtptest.ErrNoServer, "set MOCKSMTP_URL")
	install(t, folder, "uvx", "echo no network >&2; exit 1")
	fails(t, mocksmtptest.ServerOptions{}, mocksmtptest.ErrNoServer, "tried: no mocksmtp: uvx did not start: no network")
}

func TestNoServer(t *testing.T) {
	clean(t)
	t.Setenv("MOCKSMTP_URL", "http://127.0.0.1:9")
	fails(t, mocksmtptest.ServerOptions{}, mocksmtptest.ErrNoServer, "GET http://127.0.0.1:9/status: dial tcp")
}

func TestInvalidURL(t *testing.T) {
	for url, reason := range map[string]string{
		"ftp://127.0.0.1:8000":  `the scheme "ftp" is not http or https`,
		"http://127.0.0.1:port": `invalid port ":port" after host`,
		"http://":               "it names no host",
	} {
		message := fmt.Sprintf("%q (%s); MOCKSMTP_URL must be the address of the API", url, reason)
		fails(t, mocksmtptest.ServerOptions{URL: url}, mocksmtptest.ErrInvalidURL, message)
		if _, err := mocksmtptest.Connect(url, ""); !errors.Is(err, mocksmtptest.ErrInvalidURL) {
			t.Error(err)
		}
	}
}

func TestURLWithoutScheme(t *testing.T) {
	clean(t)
	server := start(t, mocksmtptest.ServerOptions{})
	found := start(t, mocksmtptest.ServerOptions{URL: strings.TrimPrefix(server.URL, "http://")})
	if found.URL != server.URL {
		t.Error(found.URL)
	}
	mocksmtptest.Start(t, mocksmtptest.On(found)).Mails(t)
}

func TestWrongToken(t *testing.T) {
	clean(t)
	server := start(t, mocksmtptest.ServerOptions{Token: "secret"})
	fails(t, mocksmtptest.ServerOptions{URL: server.URL}, mocksmtptest.ErrWrongToken, "set MOCKSMTP_TOKEN")
	fails(t, mocksmtptest.ServerOptions{URL: server.URL, Token: "other"}, mocksmtptest.ErrWrongToken, "the token is missing or wrong")
	t.Setenv("MOCKSMTP_TOKEN", "secret")
	m := mocksmtptest.Start(t, mocksmtptest.On(start(t, mocksmtptest.ServerOptions{URL: server.URL})))
	m.Mails(t)
}

// answering is a server that answers each request in one way.
func answering(t *testing.T, status int, kind, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Type", kind)
		writer.WriteHeader(status)
		_, _ = writer.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestOlderServer(t *testing.T) {
	old := answering(t, 200, "application/json", `{"version": "0.0.9", "addresses": {}}`)
	fails(t, mocksmtptest.ServerOptions{URL: old}, mocksmtptest.ErrOlderServer, "0.0.9")
	problem := `{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such route '/deliveries'"}`
	client, err := mocksmtptest.Connect(answering(t, 404, "application/problem+json", problem), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ListDeliveriesWithResponse(t.Context(), nil); !errors.Is(err, mocksmtptest.ErrOlderServer) {
		t.Error(err)
	}
}

func TestNotMockSMTP(t *testing.T) {
	for _, foreign := range []struct {
		status     int
		kind, body string
	}{
		{200, "text/html", "<html>Welcome</html>"},
		{200, "application/json", `{"status": "ok"}`},
		{200, "application/json", `ok`},
		{200, "application/json", `["ok"]`},
		{502, "text/html", "<html>Bad gateway</html>"},
		{404, "application/json", `{"error": "not found"}`},
	} {
		url := answering(t, foreign.status, foreign.kind, foreign.body)
		fails(t, mocksmtptest.ServerOptions{URL: url}, mocksmtptest.ErrNotMockSMTP, "check MOCKSMTP_URL")
	}
}

func TestRedirect(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("/login", http.StatusFound))
	t.Cleanup(server.Close)
	fails(t, mocksmtptest.ServerOptions{URL: server.URL}, mocksmtptest.ErrNotMockSMTP,
		"the answer is 302, a redirect to /login; check MOCKSMTP_URL")
}

func TestOtherProtocol(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for connection, err := listener.Accept(); err == nil; connection, err = listener.Accept() {
			_, _ = connection.Write([]byte("220 mx.test ESMTP\r\n"))
			// Reads, because closing with octets unread resets the connection.
			_, _ = io.Copy(io.Discard, connection)
			_ = connection.Close()
		}
	}()
	fails(t, mocksmtptest.ServerOptions{URL: "http://" + listener.Addr().String()}, mocksmtptest.ErrNotMockSMTP, "check MOCKSMTP_URL")
}

func TestSilentServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() }))
	t.Cleanup(server.Close)
	defer mocksmtptest.SetRequestTimeout(50 * time.Millisecond)()
	fails(t, mocksmtptest.ServerOptions{URL: server.URL}, mocksmtptest.ErrTimedOut, "no answer within 50ms")
}

func TestTimedOut(t *testing.T) {
	folder := clean(t)
	install(t, folder, "mocksmtp", "exec sleep 60")
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	fails(t, mocksmtptest.ServerOptions{StartTimeout: 100 * time.Millisecond}, mocksmtptest.ErrTimedOut, "did not start within 100ms")
}

func TestPortInUse(t *testing.T) {
	clean(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := taken.Addr().(*net.TCPAddr).Port
	listener := fmt.Sprintf("other=tcp:%d:interface=127.0.0.1", port)
	fails(t, mocksmtptest.ServerOptions{Options: []string{"--smtp", listener}}, mocksmtptest.ErrPortInUse, "mocksmtp did not start")
	server := start(t, mocksmtptest.ServerOptions{})
	address := "127.0.0.1"
	listeners := []api.ListenerInput{{Address: &address, Port: &port}}
	if _, err := server.API.AddHostWithResponse(t.Context(), api.HostInput{Listeners: &listeners}); !errors.Is(err, mocksmtptest.ErrPortInUse) {
		t.Error(err)
	}
}

func TestAPIError(t *testing.T) {
	m := mocksmtptest.Start(t)
	_, err := m.API.AddBehaviorsWithResponse(t.Context(), nil, []api.BehaviorInput{{Command: "RCPT"}})
	var refused *mocksmtptest.APIError
	if !errors.As(err, &refused) || refused.Problem.Status != 400 || (*refused.Problem.Errors)[0].Path != "$[0].command" {
		t.Error(err)
	}
}

// TestChild starts a service in a process of its own, which ends as TestNothingIsLeft says.
func TestChild(t *testing.T) {
	if os.Getenv("KIT_CHILD") == "" {
		t.Skip("run by TestNothingIsLeft")
	}
	server, err := mocksmtptest.SharedServer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("pid %d\n", server.PID)
	if os.Getenv("KIT_CHILD") == "wait" {
		select {}
	}
}

// A test process that ends, or is killed, leaves no service behind.
func TestNothingIsLeft(t *testing.T) {
	clean(t)
	for _, how := range []string{"wait", "end"} {
		command := exec.Command(os.Args[0], "-test.run", "^TestChild$")
		command.Env = append(os.Environ(), "KIT_CHILD="+how)
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(output).ReadString('\n')
		pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
		if err != nil {
			t.Fatal(line)
		}
		if how == "wait" {
			if !isRunning(pid) {
				t.Error("the service does not run")
			}
			_ = command.Process.Kill()
		}
		_ = command.Wait()
		deadline := time.Now().Add(10 * time.Second)
		for isRunning(pid) && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		if isRunning(pid) {
			t.Errorf("%s: the service still runs", how)
		}
	}
}

func isRunning(pid int) bool { return syscall.Kill(pid, 0) == nil }

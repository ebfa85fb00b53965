package mocksmtptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mocksmtp/mocksmtp/kits/go/api"
)

// oldest is the oldest version of the service that has what this package uses.
const oldest = "1.0.0rc1"

// image is run if neither mocksmtp nor uvx is installed.
const image = "mocksmtp:" + oldest

// ServerOptions selects the service and how it is started.
type ServerOptions struct {
	// URL of a running service; the default is MOCKSMTP_URL.
	URL string
	// Token is the bearer token; the default is MOCKSMTP_TOKEN.
	Token string
	// Options are more options of `mocksmtp serve`, for a service that is started.
	Options []string
	// StartTimeout limits the start; the default is a minute, because uvx and containers download.
	StartTimeout time.Duration
}

// Server is a running service.
type Server struct {
	// URL is the root of its HTTP API.
	URL string
	// API is a client of the API.
	API *api.ClientWithResponses
	// Version of the service, for example 1.0.0.
	Version string
	// SMTP is the address of the default host, host:port; empty if it has none.
	SMTP string
	// DNS is the address of the DNS server, UDP and TCP; empty if it is off.
	DNS string
	// PID is the process of a service that was started, 0 if it is not known.
	PID int

	token string
	stop  func()
}

// StartServer uses the service at MOCKSMTP_URL, or starts one on free ports: with mocksmtp
// on the PATH, otherwise with uvx mocksmtp, otherwise in a container (docker or podman).
//
// A service that was started ends with this process, however it ends.
func StartServer(ctx context.Context, options ServerOptions) (*Server, error) {
	if options.Token == "" {
		options.Token = os.Getenv("MOCKSMTP_TOKEN")
	}
	if options.URL == "" {
		options.URL = os.Getenv("MOCKSMTP_URL")
	}
	if options.URL != "" {
		return connected(ctx, &Server{URL: options.URL, token: options.Token, stop: func() {}})
	}
	started, err := startService(ctx, options)
	if err != nil {
		return nil, err
	}
	server, err := connected(ctx, started)
	if err != nil {
		started.stop()
	}
	return server, err
}

// Stop ends a service that was started; a service at MOCKSMTP_URL continues.
func (s *Server) Stop() { s.stop() }

func connected(ctx context.Context, server *Server) (*Server, error) {
	root, err := rootOf(server.URL)
	if err != nil {
		return nil, err
	}
	server.URL = root
	client, err := Connect(root, server.token)
	if err != nil {
		return nil, err
	}
	response, err := client.GetStatusWithResponse(ctx)
	if err != nil {
		var mismatch *json.UnmarshalTypeError
		if errors.As(err, &mismatch) {
			return nil, fmt.Errorf("%w: GET %s/status: the answer is another document; check MOCKSMTP_URL", ErrNotMockSMTP, server.URL)
		}
		return nil, err
	}
	status := response.JSON200
	if status == nil || status.Version == "" || status.Addresses == nil {
		return nil, foreign("GET "+server.URL+"/status", response.StatusCode(), response.Body)
	}
	if isOlder(status.Version, oldest) {
		return nil, fmt.Errorf("%w: %s has version %s; this package needs %s or later", ErrOlderServer, server.URL, status.Version, oldest)
	}
	server.API, server.Version = client, status.Version
	server.SMTP = server.reachable(first(status.Addresses["smtp"]))
	server.DNS = server.reachable(first(status.Addresses["dns"]))
	return server, nil
}

// isLocal reports whether the listeners are on this machine's loopback address.
func (s *Server) isLocal() bool {
	host := s.hostname()
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (s *Server) hostname() string {
	parsed, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	return parsed.Hostname()
}

// reachable returns where this process reaches a listener of the service.
func (s *Server) reachable(listener string) string {
	host, port, err := net.SplitHostPort(listener)
	if err != nil {
		return ""
	}
	switch address := net.ParseIP(host); {
	case !s.isLocal():
		host = s.hostname()
	case address == nil, address.IsUnspecified():
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

var shared struct {
	sync.Mutex
	server *Server
}

// SharedServer returns the service of this process; the first call starts it.
func SharedServer(ctx context.Context) (*Server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		server, err := StartServer(ctx, ServerOptions{})
		if err != nil {
			return nil, err
		}
		shared.server = server
	}
	return shared.server, nil
}

type program struct {
	name    string
	command []string
}

func startService(ctx context.Context, options ServerOptions) (*Server, error) {
	folder, err := os.MkdirTemp("", "mocksmtp-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	var tried []string
	for _, program := range programs(folder) {
		server, err := run(ctx, program, folder, options)
		if err == nil {
			return server, nil
		}
		// An installed program that fails is what its user wants to know of.
		if !errors.Is(err, ErrNoServer) || program.name == "mocksmtp" {
			return nil, err
		}
		tried = append(tried, err.Error())
	}
	err = fmt.Errorf("%w found: set MOCKSMTP_URL to a running service, or install it (pip install mocksmtp), uv or docker", ErrNoServer)
	if len(tried) > 0 {
		err = fmt.Errorf("%w; tried: %s", err, strings.Join(tried, "; "))
	}
	return nil, err
}

// programs returns what can start a service, in the order in which it is tried.
func programs(folder string) []program {
	var found []program
	if onPath("mocksmtp") {
		found = append(found, program{"mocksmtp", []string{"mocksmtp", "serve"}})
	}
	if onPath("uvx") {
		found = append(found, program{"uvx", []string{"uvx", "mocksmtp", "serve"}})
	}
	for _, name := range []string{"docker", "podman"} {
		if !onPath(name) {
			continue
		}
		used := os.Getenv("MOCKSMTP_IMAGE")
		if used == "" {
			used = image
		}
		user := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
		found = append(found, program{name, []string{
			name, "run", "--rm", "--interactive", "--network", "host",
			"--user", user, "--volume", folder + ":" + folder, used,
		}})
		break
	}
	return found
}

func onPath(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

func run(ctx context.Context, program program, folder string, options ServerOptions) (*Server, error) {
	file := filepath.Join(folder, "addresses.json")
	arguments := append(append([]string{}, program.command[1:]...),
		"--smtp", "tcp:0:interface=127.0.0.1", "--http", "tcp:0:interface=127.0.0.1", "--dns", "127.0.0.1:0",
		"--addresses-file", file, "--exit-with-stdin", "--quiet")
	if options.Token != "" {
		arguments = append(arguments, "--token", options.Token)
	}
	command := exec.Command(program.command[0], append(arguments, options.Options...)...)
	// The service ends when the pipe to its standard input closes: at the end of this
	// process, even if it is killed.
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stderr := &tail{}
	command.Stderr = stderr
	// Does not wait for what a killed program has started.
	command.WaitDelay = time.Second
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%w: %s did not start: %w", ErrNoServer, program.name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait(); close(ended) }()
	limit := options.StartTimeout
	if limit == 0 {
		limit = time.Minute
	}
	addresses, err := appearance(ctx, file, limit, ended)
	if err != nil {
		_ = command.Process.Kill()
		_ = stdin.Close()
		<-ended
		return nil, startFailure(program.name, stderr.text(), err)
	}
	server := &Server{URL: addresses.URL, PID: addresses.PID, token: options.Token}
	server.stop = sync.OnceFunc(func() { end(command, stdin, ended) })
	return server, nil
}

func end(command *exec.Cmd, stdin io.Closer, ended <-chan error) {
	_ = stdin.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = command.Process.Kill()
		<-ended
	}
}

func startFailure(name, said string, err error) error {
	if errors.Is(err, ErrTimedOut) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", name, err)
	}
	if said == "" {
		said = err.Error()
	}
	kind := ErrNoServer
	if strings.Contains(strings.ToLower(said), "address already in use") {
		kind = ErrPortInUse
	}
	return fmt.Errorf("%w: %s did not start: %s", kind, name, said)
}

type addresses struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
}

// appearance waits for the file that the service writes when all its listeners are open.
func appearance(ctx context.Context, file string, limit time.Duration, ended <-chan error) (found addresses, err error) {
	late := time.After(limit)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if content, err := os.ReadFile(file); err == nil {
			return found, json.Unmarshal(content, &found)
		}
		select {
		case err := <-ended:
			return found, fmt.Errorf("it ended: %w", errors.Join(err, nil))
		case <-late:
			return found, fmt.Errorf("%w: the service did not start within %s", ErrTimedOut, limit)
		case <-ctx.Done():
			return found, ctx.Err()
		case <-ticker.C:
		}
	}
}

// tail keeps the end of what a program prints.
type tail struct {
	lock sync.Mutex
	kept []byte
}

func (t *tail) Write(data []byte) (int, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.kept = append(t.kept, data...)
	t.kept = t.kept[max(len(t.kept)-8192, 0):]
	return len(data), nil
}

func (t *tail) text() string {
	t.lock.Lock()
	defer t.lock.Unlock()
	return string(bytes.TrimSpace(t.kept))
}

func isOlder(version, than string) bool {
	found, wanted := strings.Split(version, "."), strings.Split(than, ".")
	for index, part := range wanted {
		number, _ := strconv.Atoi(part)
		other := 0
		if index < len(found) {
			other, _ = strconv.Atoi(found[index])
		}
		if other != number {
			return other < number
		}
	}
	return false
}

func first(addresses []string) string {
	if len(addresses) == 0 {
		return ""
	}
	return addresses[0]
}

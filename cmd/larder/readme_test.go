package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestReadme runs every larder command that README.md shows, in its order and in one folder, on the demo model under
// the names the README uses, and finds every verb of its table.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for from, to := range map[string]string{"titanic.joblib": "model.joblib", "passengers.csv": "rows.csv", "train.csv": "train.csv"} {
		b, err := os.ReadFile(filepath.Join("quickstart", from))
		if err != nil {
			t.Fatal(err)
		}
		if to == "train.csv" { // the README's target is called y
			b = []byte(strings.Replace(string(b), "survived", "y", 1))
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	larder := func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "larder", args...)
		cmd.Dir = dir
		return cmd
	}

	shown := 0
	for _, m := range regexp.MustCompile(`(?m)^    larder (\w+ +\S+(?: \S+)*)(?:  .*)?$`).FindAllStringSubmatch(string(readme), -1) {
		args := strings.Fields(m[1])
		shown++
		if args[0] == "serve" {
			served(t, larder, args)
			continue
		}
		if out, err := larder(t.Context(), args...).CombinedOutput(); err != nil {
			t.Errorf("larder %s: %v\n%s", m[1], err, out)
		}
	}
	if shown < 7 {
		t.Errorf("only %d commands found in README.md", shown)
	}

	verbs := 0
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+) \\|").FindAllStringSubmatch(string(readme), -1) {
		for _, verb := range regexp.MustCompile("`([a-z]+)`").FindAllStringSubmatch(row[1], -1) {
			verbs++
			if out, err := larder(t.Context(), verb[1], "--help").CombinedOutput(); err != nil || !strings.Contains(string(out), "larder "+verb[1]) {
				t.Errorf("larder %s --help: %v\n%s", verb[1], err, out)
			}
		}
	}
	if verbs < 10 {
		t.Errorf("only %d verbs found in README.md's table", verbs)
	}
}

// served starts a serve command on a free port, asks whether it is ready and ends it.
func served(t *testing.T, larder func(context.Context, ...string) *exec.Cmd, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := larder(ctx, append(args, "--http", "127.0.0.1:0")...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	said := ""
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said += lines.Text() + "\n"
		at := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text())
		if at == "" {
			continue
		}
		go func() { _, _ = io.Copy(io.Discard, stderr) }()
		resp, err := http.Get(at + "/v2/health/ready")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%v is not ready: %s", args, resp.Status)
		}
		return
	}
	t.Errorf("larder %v: no address in\n%s", args, said)
}

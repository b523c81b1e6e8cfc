package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/pack"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/rows"
)

// demo is a real model and its data: the passengers of the Titanic, a pipeline fitted by scikit-learn, what scikit-learn
// predicted for the rows it did not see, and a copy of the model that was tampered with. testdata/gen/titanic.py made them.
//
//go:embed quickstart
var demo embed.FS

func quickstartCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quickstart [DIR]",
		Short: "the whole job on a bundled real model, step by step, ending with a served page",
		Args:  args(0, 1),
		RunE: func(cmd *cobra.Command, a []string) error {
			dir := "quickstart"
			if len(a) == 1 {
				dir = a[0]
			}
			q := &quickstart{cmd: cmd, dir: dir, w: stdout(cmd), st: styleOf(stdout(cmd)), start: time.Now()}
			return q.run()
		},
	}
	cmd.Flags().Bool("no-serve", false, "ask the served model once and stop")
	cmd.Flags().String("http", "127.0.0.1:8080", "address to serve on; another port where it is taken")
	return cmd
}

type quickstart struct {
	cmd   *cobra.Command
	dir   string
	w     io.Writer
	st    style
	start time.Time
	steps int
}

func (q *quickstart) say(format string, a ...any) { fmt.Fprintf(q.w, "    "+format+"\n", a...) }

// step prints the question and the command that answers it.
func (q *quickstart) step(question, command string, f func() error) error {
	q.steps++
	fmt.Fprintf(q.w, "\n%s\n", q.st.bold(fmt.Sprintf(" %d  %-42s", q.steps, question))+q.st.dim("larder "+command))
	if err := f(); err != nil {
		return fmt.Errorf("step %d, larder %s: %w", q.steps, command, err)
	}
	return nil
}

// verb runs a command line of this program and gives what it printed.
func (q *quickstart) verb(a ...string) (string, error) {
	var out bytes.Buffer
	root := rootCommand()
	root.SetArgs(a)
	root.SetOut(&out)
	err := root.ExecuteContext(q.cmd.Context())
	return out.String(), err
}

// show runs a command line and prints its output indented.
func (q *quickstart) show(a ...string) error {
	out, err := q.verb(a...)
	for line := range strings.Lines(out) {
		q.say("%s", strings.TrimRight(line, "\n"))
	}
	return err
}

func (q *quickstart) file(name string) string { return filepath.Join(q.dir, name) }

func (q *quickstart) run() error {
	fmt.Fprintf(q.w, "A real model, start to end. Every step prints the command it stands for; files go to %s\n", q.dir)
	if err := q.unpack(); err != nil {
		return err
	}
	model, twin, data, train := q.file("titanic.joblib"), q.file("titanic-tampered.joblib"), q.file("passengers.csv"), q.file("train.csv")
	registry := q.file("models")
	prefix := q.file("titanic")
	steps := []struct {
		question, command string
		f                 func() error
	}{
		{"What is this file?", "show titanic.joblib", func() error { return q.what(model) }},
		{"Is it safe?", "audit titanic.joblib titanic-tampered.joblib", func() error {
			err := q.show("audit", model, twin)
			var code *codeError
			if !errors.As(err, &code) || code.code != exitRefused {
				return fmt.Errorf("the tampered twin was not refused: %w", err)
			}
			return nil
		}},
		{"What does it say?", "predict titanic.joblib passengers.csv --proba", func() error { return q.predict(model, data) }},
		{"Leave Python", "convert titanic.joblib -o titanic.onnx --check -i passengers.csv", func() error {
			return q.show("convert", model, "-o", q.file("titanic.onnx"), "--check", "-i", data)
		}},
		{"Package it with proof", "package titanic.joblib --prefix titanic --data train.csv --target survived --rows passengers.csv --expected expected.json", func() error {
			return q.show("package", model, "--prefix", prefix, "--data", train, "--target", "survived", "--rows", data, "--expected", q.file("expected.json"))
		}},
		{"Give it a version", "register titanic_model.joblib --name titanic", func() error {
			if err := q.show("register", prefix+pack.ModelSuffix, "--name", "titanic", "--registry", registry); err != nil {
				return err
			}
			_, err := q.verb("register", twin, "--name", "titanic", "--registry", registry)
			if !errors.Is(err, larder.ErrUnsafe) {
				return fmt.Errorf("the tampered twin was not refused: %w", err)
			}
			q.say("tampered twin: %s, not registered", err)
			return nil
		}},
		{"Is it still right tomorrow?", "validate titanic:latest --sklearn 1.6", func() error {
			return q.show("validate", "titanic:latest", "--sklearn", "1.6", "--registry", registry)
		}},
		{"Serve it", "serve titanic:latest", func() error { return q.serve(registry) }},
	}
	for _, s := range steps {
		if err := q.step(s.question, s.command, s.f); err != nil {
			return err
		}
	}
	return nil
}

// unpack writes the demo's files, over nobody else's.
func (q *quickstart) unpack() error {
	if err := os.MkdirAll(q.dir, 0o755); err != nil {
		return err
	}
	return fs.WalkDir(demo, "quickstart", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := demo.ReadFile(path)
		if err != nil {
			return err
		}
		name := q.file(filepath.Base(path))
		switch old, err := os.ReadFile(name); {
		case errors.Is(err, fs.ErrNotExist):
			return pack.WriteFile(name, b)
		case err != nil:
			return err
		case !bytes.Equal(old, b):
			return &codeError{exitConflict, name + " is there and is another file: name another folder"}
		}
		return nil
	})
}

func (q *quickstart) what(model string) error {
	start := time.Now()
	m, err := larder.Open(model)
	if err != nil {
		return err
	}
	took := time.Since(start)
	in := m.Info()
	var chain []string
	for _, p := range in.Parts {
		if p.Path == "model" || strings.Count(p.Path, ".") == 1 {
			chain = append(chain, pyobj.ShortName(p.Type))
		}
	}
	q.say("%s", strings.Join([]string{in.Format + ", " + in.Compressor, size(in.Bytes), "scikit-learn " + in.SklearnVersion, strings.Join(chain, " "+q.st.arrow()+" ")}, q.st.dot()))
	var lines [][]string
	for _, c := range rows.WantOf(m, m.DefaultMethod()).Inputs() {
		lines = append(lines, []string{c.Name, c.Words})
	}
	columns(q.w, "      ", lines)
	var classes []string
	for _, c := range in.Classes {
		classes = append(classes, fmt.Sprint(c))
	}
	q.say("%s%s%s", strings.Join(classes, " | "), "   ", strings.Join(in.Methods, q.st.dot()))
	q.say("opened in %.1f ms, nothing executed", took.Seconds()*1e3)
	return nil
}

// predict prints the first row and compares every probability with the stored ones of scikit-learn.
func (q *quickstart) predict(model, data string) error {
	out, err := q.verb("predict", model, data, "--proba", "--format", "json")
	if err != nil {
		return err
	}
	var got struct{ Data [][]float64 }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		return err
	}
	var want struct {
		Sklearn      string      `json:"sklearn"`
		Classes      []string    `json:"classes"`
		PredictProba [][]float64 `json:"predict_proba"`
	}
	b, err := os.ReadFile(q.file("expected.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &want); err != nil {
		return err
	}
	text, err := os.ReadFile(data)
	if err != nil {
		return err
	}
	lines := strings.SplitN(string(text), "\n", 5)
	var table [][]string
	for i, l := range lines[:4] {
		l = strings.ReplaceAll(strings.TrimSpace(l), ",,", ", ,")
		f := append(strings.Split(l, ","), strings.TrimSpace(q.st.bar()))
		for k, c := range want.Classes {
			if i == 0 {
				f = append(f, c)
			} else {
				f = append(f, strconv.FormatFloat(got.Data[i-1][k], 'f', 5, 64))
			}
		}
		table = append(table, f)
	}
	columns(q.w, "    ", table)
	equal := 0
	for i := range min(len(got.Data), len(want.PredictProba)) {
		same := len(got.Data[i]) == len(want.PredictProba[i])
		for k := range got.Data[i] {
			same = same && got.Data[i][k] == want.PredictProba[i][k]
		}
		if same {
			equal++
		}
	}
	q.say("the same 64-bit numbers scikit-learn %s gave when it was fitted: %d of %d rows", want.Sklearn, equal, len(want.PredictProba))
	if equal != len(want.PredictProba) {
		return &codeError{exitRefused, "rows differ from scikit-learn's"}
	}
	return nil
}

const question = `{"dataframe_records":[{"pclass":3,"sex":"female","age":22,"fare":7.25,"embarked":"S"}]}`

// serve starts the server, asks it once over HTTP, and stays until interrupted.
func (q *quickstart) serve(registry string) error {
	serving := serveCommand()
	serving.Flags().String("registry", registry, "")
	serving.SetContext(q.cmd.Context())
	if err := serving.Flags().Set("quiet", "true"); err != nil {
		return err
	}
	s, err := newServer(serving, []string{"titanic:latest"})
	if err != nil {
		return err
	}
	addr, _ := q.cmd.Flags().GetString("http")
	ln, err := listen(serving, addr, false)
	if err != nil {
		host, _, splitErr := net.SplitHostPort(addr)
		if splitErr != nil {
			return err
		}
		if ln, err = listen(serving, net.JoinHostPort(host, "0"), false); err != nil {
			return err
		}
	}
	stop := serveUntil(q.cmd.Context(), s, ln)
	answer, err := ask(q.cmd.Context(), "http://"+ln.Addr().String()+"/invocations")
	if err != nil {
		_ = stop()
		return err
	}
	q.say("page   http://%s   try a passenger, see the pipeline", ln.Addr())
	q.say("curl -s %s/invocations -H 'content-type: application/json' \\", ln.Addr())
	q.say("  -d '%s'", question)
	mark := "   asked just now, over HTTP"
	q.say("%s%s", strings.TrimSpace(answer), q.st.dim(mark))
	fmt.Fprintf(q.w, "\n    %d steps, %.1f s", q.steps, time.Since(q.start).Seconds())
	if no, _ := q.cmd.Flags().GetBool("no-serve"); no {
		fmt.Fprintf(q.w, "; everything is in %s\n", q.dir)
		return stop()
	}
	fmt.Fprintf(q.w, "; Ctrl-C stops the server, everything is in %s\n", q.dir)
	<-q.cmd.Context().Done()
	return stop()
}

func ask(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(question))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, b)
	}
	return string(b), err
}

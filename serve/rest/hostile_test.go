package rest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/serve"
)

// TestBodiesUnderWayAreBounded holds one request's body back and sends another that no longer fits beside it.
func TestBodiesUnderWayAreBounded(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{Body: 1000, Bodies: 1500})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	r, w := io.Pipe()
	first := make(chan int, 1)
	req, err := http.NewRequest(http.MethodPost, srv.URL+"/invocations", r)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"dataframe_records":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}]}`
	req.ContentLength = 1000
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue") // nothing of the body is sent before the server reads it
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	go func() {
		resp, err := client.Do(req)
		if err != nil {
			first <- 0
			return
		}
		resp.Body.Close()
		first <- resp.StatusCode
	}()
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	big := body + strings.Repeat(" ", 900-len(body))
	code, _ := ask(t, srv.URL+"/invocations", "application/json", big)
	if code != http.StatusServiceUnavailable {
		t.Errorf("a body over the sum: %d", code)
	}
	if code, _ = ask(t, srv.URL+"/invocations", "application/json", body); code != http.StatusOK {
		t.Errorf("a small body beside the big one: %d", code)
	}
	if _, err := io.WriteString(w, strings.Repeat(" ", 1000-len(body))); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got := <-first; got != http.StatusOK {
		t.Errorf("the body that was held back: %d", got)
	}
	if code, _ = ask(t, srv.URL+"/invocations", "application/json", big); code != http.StatusOK {
		t.Errorf("after it: %d", code)
	}
}

// TestRefusedBodies: what is wrong with a body is said in Larder's words.
func TestRefusedBodies(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{Body: 100})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	if code, got := ask(t, srv.URL+"/invocations", "application/json", strings.Repeat(" ", 101)); code != 413 || got["message"] != "the body is over the limit of 100 bytes" {
		t.Errorf("%d %v", code, got)
	}
	for what, c := range map[string]struct {
		head, says string
		code       int
	}{
		"ends early":    {"POST /invocations HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\n{", "the body ends early", 400},
		"another place": {"GET /v2/../v2/models HTTP/1.1\r\nhost: a\r\n\r\n", "it is at /v2/models", 307},
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, c.head)
		_ = conn.(*net.TCPConn).CloseWrite()
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(what, err)
		}
		b, _ := io.ReadAll(r.Body)
		conn.Close()
		if r.StatusCode != c.code || !json.Valid(b) || !strings.Contains(string(b), c.says) {
			t.Errorf("%s: %d %s", what, r.StatusCode, b)
		}
	}
}

// FuzzBodies sends any body to every protocol: an answer or a refusal, never a failure of the server.
func FuzzBodies(f *testing.F) {
	for _, b := range []string{
		`{"dataframe_records":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}]}`, `{"dataframe_split":{"columns":["a"],"data":[[1]]}}`,
		`{"instances":[[3,"male",38,7,"S"]]}`, `{"inputs":{"pclass":[3]}}`, `{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP64","data":[1,2,3,4]}]}`,
		`{"inputs":[{"name":"X","shape":[1,4],"datatype":"BYTES","data":["a",null,"",""]}],"outputs":[{"name":"apply"}]}`, `{"instances":[[1,2,3,4]]}`,
		`{"instances":["a"]}`, `{"instances":[]}`, `{"inputs":[]}`, `{"instances":[[1e999,-1e999,null,true]]}`, `{"instances":[[]]}`, `[1]`, ``, `{`,
		"pclass,sex\n1,2\n", `{"inputs":[{"name":"X","shape":[0,4],"datatype":"FP32","data":[]}]}`, `{"inputs":[{"name":"pclass","shape":[1],"datatype":"INT64","data":[1]},{"name":"sex","shape":[1],"datatype":"BYTES","data":["male"]}]}`,
	} {
		f.Add(b)
	}
	s := serve.New(serve.Options{})
	for name, path := range map[string]string{"titanic": "../cmd/larder/quickstart/titanic.joblib", "forest": "sklearn/1.9.1/RandomForestClassifier.joblib",
		"text": "sklearn/1.9.1/CountVectorizer.pkl", "labels": "sklearn/1.9.1/LabelEncoder.joblib", "mapping": "sklearn/1.9.1/DictVectorizer.pkl"} {
		m, err := larder.Open(fixture.Path(f, path))
		if err != nil {
			f.Fatal(err)
		}
		hosted, err := serve.NewModel(name, "1", m)
		if err != nil {
			f.Fatal(err)
		}
		s.Add(hosted)
	}
	h := s.Guard(Handler(s))
	f.Fuzz(func(t *testing.T, body string) {
		for _, name := range []string{"titanic", "forest", "text", "labels", "mapping"} {
			for path, kind := range map[string]string{"/invocations?model=" + name: "application/json", "/v1/models/" + name + ":predict": "application/json",
				"/v2/models/" + name + "/infer": "application/json", "/models/" + name + "/invocations": "text/csv"} {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				r.Header.Set("Content-Type", kind)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code >= 500 {
					t.Errorf("%s: %d %s for %q", path, w.Code, w.Body, body)
				}
			}
		}
	})
}

// TestRequestsCostWhatTheyAreLong sends bodies of some megabytes that stand for far more: each is refused or answered soon.
func TestRequestsCostWhatTheyAreLong(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	many := func(n int, sep string, f func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = f(i)
		}
		return strings.Join(parts, sep)
	}
	name := func(i int) string { return fmt.Sprintf("k%d", i) }
	for what, c := range map[string]struct {
		path, kind, body string
		code             int
	}{
		"inputs": {"/v2/models/titanic/infer", "application/json",
			`{"inputs":[` + many(40_000, ",", func(i int) string { return fmt.Sprintf(`{"name":"k%d","shape":[1],"datatype":"FP64","data":[1]}`, i) }) + `]}`, 400},
		"columns":     {"/invocations", "text/csv", strings.Repeat(",", 4_000_000), 400},
		"short lines": {"/invocations", "text/csv", many(50_000, ",", name) + "\n" + strings.Repeat("1\n", 9000), 400},
		"twin names":  {"/invocations", "text/csv", many(30_000, ",", func(i int) string { return fmt.Sprintf("a.%d", i+1) }) + strings.Repeat(",a", 30_000), 400},
		"rows":        {"/invocations", "text/csv", strings.Repeat("a\n", 2_000_000), 413},
		"unlike records": {"/invocations", "application/json",
			`{"dataframe_records":[` + many(9000, ",", func(i int) string { return fmt.Sprintf(`{"k%d":1,"j%d":1}`, i, i) }) + `]}`, 400},
	} {
		start := time.Now()
		if code, got := ask(t, srv.URL+c.path, c.kind, c.body); code != c.code {
			t.Errorf("%s: %d %.200v", what, code, got)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %v", what, took)
		}
	}
}

// TestEveryRefusalIsJSON asks for what is not there.
func TestEveryRefusalIsJSON(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	for _, c := range []struct {
		method, path, coding string
		code                 int
	}{
		{"GET", "/v2/nosuch", "", 404}, {"DELETE", "/v2/models/titanic", "", 405}, {"GET", "/invocations", "", 405}, {"GET", "/v1", "", 404},
		{"POST", "/invocations", "gzip", 415}, {"POST", "/v2/models/titanic/infer", "gzip", 415}, {"POST", "/v1/models/titanic:predict", "br", 415},
	} {
		r, err := http.NewRequest(c.method, srv.URL+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if c.coding != "" {
			r.Header.Set("Content-Encoding", c.coding)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		err = json.NewDecoder(resp.Body).Decode(&got)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.code || resp.Header.Get("Content-Type") != "application/json" || got["error"] == nil && got["message"] == nil {
			t.Errorf("%s %s: %d %q %v %v", c.method, c.path, resp.StatusCode, resp.Header.Get("Content-Type"), got, err)
		}
		if c.code == 405 && resp.Header.Get("Allow") == "" {
			t.Errorf("%s %s: does not say what is allowed", c.method, c.path)
		}
	}
}

// TestIntegersKeepToTheirType sends numbers their datatype does not hold.
func TestIntegersKeepToTheirType(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	for datatype, data := range map[string]string{"UINT8": "-1", "INT8": "128", "UINT16": "65536", "INT16": "-32769", "UINT32": "4294967296",
		"INT32": "2147483648", "UINT64": "-1", "INT64": "9223372036854775808"} {
		body := fmt.Sprintf(`{"inputs":[{"name":"x","shape":[1,5],"datatype":%q,"data":[%s,1,1,1,1]}]}`, datatype, data)
		if code, got := ask(t, srv.URL+"/v2/models/titanic/infer", "application/json", body); code != 400 || !strings.Contains(fmt.Sprint(got), "whole numbers from") {
			t.Errorf("%s %s: %d %v", datatype, data, code, got)
		}
	}
}

// TestABodyWithoutALengthIsCountedAsItComes sends one that outgrows the place for all bodies.
func TestABodyWithoutALengthIsCountedAsItComes(t *testing.T) {
	s, _, _ := titanic(t, serve.Options{Body: 1000, Bodies: 900})
	srv := httptest.NewServer(s.Guard(Handler(s)))
	defer srv.Close()
	for n, want := range map[int]int{800: http.StatusOK, 950: http.StatusServiceUnavailable} {
		body := `{"dataframe_records":[{"pclass":3,"sex":"male","age":38.0,"fare":7.8958,"embarked":"S"}]}`
		chunked := io.MultiReader(strings.NewReader(body), strings.NewReader(strings.Repeat(" ", n-len(body))))
		r, err := http.Post(srv.URL+"/invocations", "application/json", chunked)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%d bytes: %d, want %d", n, r.StatusCode, want)
		}
	}
}

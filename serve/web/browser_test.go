package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/serve"
	"github.com/larder-ml/larder/serve/rest"
	"github.com/larder-ml/larder/serve/web"
)

// site serves models from the testdata and the demo, under page and protocols.
func site(t *testing.T, models map[string]string) *httptest.Server {
	t.Helper()
	s := serve.New(serve.Options{})
	for name, path := range models {
		m, err := larder.Open(fixture.Path(t, path))
		if err != nil {
			t.Fatal(err)
		}
		h, err := serve.NewModel(name, "1", m)
		if err != nil {
			t.Fatal(err)
		}
		s.Add(h)
	}
	mux := http.NewServeMux()
	page := web.Handler(s)
	mux.Handle("/", rest.Handler(s))
	for _, p := range []string{"/{$}", "/models/{model}", "/assets/"} {
		mux.Handle("GET "+p, page)
	}
	srv := httptest.NewServer(s.Guard(mux))
	t.Cleanup(srv.Close)
	return srv
}

const demo = "../cmd/larder/quickstart/titanic.joblib"

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

func TestPagesSayWhatTheModelIs(t *testing.T) {
	srv := site(t, map[string]string{"titanic": demo, "forest": "sklearn/1.9.1/RandomForestClassifier.joblib"})
	_, list := get(t, srv.URL+"/")
	for _, w := range []string{"titanic", "forest", "audited: ok", "RandomForestClassifier"} {
		if !strings.Contains(list, w) {
			t.Errorf("the list lacks %q", w)
		}
	}
	_, page := get(t, srv.URL+"/models/titanic")
	for _, w := range []string{"pclass", "embarked", "OneHotEncoder", "scikit-learn 1.9.1", "<option>male</option>", "died", "survived", "predict_proba"} {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
	if code, _ := get(t, srv.URL+"/models/nobody"); code != 404 {
		t.Errorf("an unknown model: %d", code)
	}
	var twin struct{ Name, Verdict string }
	_, b := get(t, srv.URL+"/models/titanic.json")
	if err := json.Unmarshal([]byte(b), &twin); err != nil || twin.Name != "titanic" || twin.Verdict != "ok" {
		t.Errorf("twin %+v %v", twin, err)
	}
	for _, u := range []string{"http://", "https://"} {
		if strings.Contains(strings.ReplaceAll(page, srv.URL, ""), u) {
			t.Errorf("the page refers to another host by %s", u)
		}
	}
}

// TestBrowserPredicts opens the page in a real browser, fills in a passenger and reads the answer.
func TestBrowserPredicts(t *testing.T) {
	browser := os.Getenv("LARDER_BROWSER")
	if browser == "" {
		t.Skip("LARDER_BROWSER names no browser")
	}
	srv := site(t, map[string]string{"titanic": demo})
	var want struct {
		Proba [][]float64 `json:"predict_proba"`
	}
	if err := json.Unmarshal(fixture.Read(t, "../cmd/larder/quickstart/expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	row := strings.Split(strings.Split(string(fixture.Read(t, "../cmd/larder/quickstart/passengers.csv")), "\n")[1], ",")
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	defer stop()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	ctx, end := context.WithTimeout(ctx, 90*time.Second)
	defer end()
	run(t, ctx, chromedp.Navigate(srv.URL+"/"))
	for i, name := range []string{"pclass", "sex", "age", "fare", "embarked"} {
		run(t, ctx, chromedp.SetValue(`[data-name="`+name+`"]`, row[i]))
	}
	run(t, ctx, chromedp.Click("#go"))
	run(t, ctx, chromedp.WaitVisible(`#out[data-state="answered"]`))
	best := run(t, ctx, chromedp.TextContent(".big"))
	scores := run(t, ctx, chromedp.TextContent("#out"))
	if best != "died" || !strings.Contains(scores, fmt.Sprintf("%.5f", want.Proba[0][0])) {
		t.Errorf("the page says %q\n%s\nwant died, %.5f", best, scores, want.Proba[0][0])
	}
	foreign := run(t, ctx, chromedp.Evaluate[int](`performance.getEntriesByType("resource").filter(e => !e.name.startsWith(location.origin)).length`))
	if foreign != 0 {
		t.Errorf("%d requests to other hosts", foreign)
	}

	run(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector("#out").dataset.state = ""`))
	run(t, ctx, chromedp.SetValue(`[data-name="age"]`, ""))
	run(t, ctx, chromedp.Click("#go"))
	run(t, ctx, chromedp.WaitVisible(`#out[data-state="answered"]`))
	if again := run(t, ctx, chromedp.TextContent(".big")); again != "died" && again != "survived" {
		t.Errorf("with a missing age the page says %q", again)
	}
}

// run does one step in the browser.
func run[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

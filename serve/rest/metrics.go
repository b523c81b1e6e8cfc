package rest

import (
	"fmt"
	"net/http"
	"sort"

	"github.com/larder-ml/larder/serve"
)

// metrics writes Prometheus' text exposition format (version 0.0.4).
func (a *api) metrics(w http.ResponseWriter, _ *http.Request) {
	type line struct{ labels, value string }
	families := []struct {
		name, help string
		of         func(s *serve.Stat) float64
		lines      []line
	}{
		{"larder_requests_total", "Requests answered or refused.", func(s *serve.Stat) float64 { return float64(s.Requests.Load()) }, nil},
		{"larder_failures_total", "Requests that failed or were refused.", func(s *serve.Stat) float64 { return float64(s.Failures.Load()) }, nil},
		{"larder_rows_total", "Rows computed.", func(s *serve.Stat) float64 { return float64(s.Rows.Load()) }, nil},
		{"larder_seconds_total", "Seconds spent computing.", func(s *serve.Stat) float64 { return float64(s.Nanoseconds.Load()) / 1e9 }, nil},
	}
	for _, m := range a.s.Models() {
		for _, v := range a.s.Versions(m.Name) {
			v.Stats(func(method string, s *serve.Stat) {
				labels := fmt.Sprintf("{model=%q,version=%q,method=%q}", v.Name, v.Version, method)
				for i := range families {
					families[i].lines = append(families[i].lines, line{labels, fmt.Sprintf("%g", families[i].of(s))})
				}
			})
		}
	}
	var b []byte
	for _, f := range families {
		b = fmt.Appendf(b, "# HELP %s %s\n# TYPE %s counter\n", f.name, f.help, f.name)
		sort.Slice(f.lines, func(i, j int) bool { return f.lines[i].labels < f.lines[j].labels })
		for _, l := range f.lines {
			b = fmt.Appendf(b, "%s%s %s\n", f.name, l.labels, l.value)
		}
	}
	b = fmt.Appendf(b, "# HELP larder_models Models served.\n# TYPE larder_models gauge\nlarder_models %d\n", len(a.s.Models()))
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(b)
}

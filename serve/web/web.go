// Package web is the page for people: it lists the models, shows one with its pipeline, inputs and audit, and lets a
// person try a prediction. It is rendered on the server, readable without scripts, and asks nothing of any other host.
package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/serve"
)

//go:embed assets
var assets embed.FS

//go:embed pages
var pages embed.FS

// Open lists the paths that need no token: nothing of a model is on them.
var Open = []string{"/assets/style.css", "/assets/page.js"}

// Handler answers for a server's models under /, /models/{model} and /assets/. A page has a twin in JSON: add .json.
func Handler(s *serve.Server) http.Handler {
	w := &site{s: s, pages: template.Must(template.New("").Funcs(funcs).ParseFS(pages, "pages/*.html"))}
	mux := http.NewServeMux()
	static, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err)
	}
	mux.Handle("GET /assets/{file}", http.StripPrefix("/assets/", http.FileServerFS(static)))
	mux.HandleFunc("GET /{$}", w.list)
	mux.HandleFunc("GET /models/{model}", w.model)
	return mux
}

var funcs = template.FuncMap{
	"short": func(class string) string { return class[strings.LastIndexByte(class, '.')+1:] },
	"depth": func(path string) int { return strings.Count(path, ".") },
	"bytes": size,
	"json": func(v any) (string, error) {
		b, err := json.Marshal(v)
		return string(b), err
	},
}

func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

type site struct {
	s     *serve.Server
	pages *template.Template
}

// card is what a page says of a model.
type card struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	Versions []string      `json:"versions"`
	Verdict  string        `json:"verdict"`
	Promise  string        `json:"promise"`
	Imports  []string      `json:"imports"`
	Findings []string      `json:"findings"`
	Info     larder.Info   `json:"info"`
	Inputs   []rows.Input  `json:"inputs"`
	Form     string        `json:"form"` // table, text, label or json
	Method   string        `json:"method"`
	Example  template.HTML `json:"-"`
	Row      []field       `json:"-"`
	Labels   []string      `json:"labels"` // class names where predict_proba has one output
	Words    string        `json:"words"`
	Lead     string        `json:"lead"` // what the model does, in a sentence
}

// field is one control of the form.
type field struct {
	rows.Input
	Value   string
	Options []string
	Step    string
}

// maxFields is the width from which the form is a text area for a JSON row.
const maxFields = 60

func (w *site) card(m *serve.Model) *card {
	info := m.Info()
	c := &card{Name: m.Name, Version: m.Version, Info: info, Method: m.DefaultMethod()}
	for _, v := range w.s.Versions(m.Name) {
		c.Versions = append(c.Versions, v.Version)
	}
	if r := m.Report(); r != nil {
		c.Verdict, c.Promise, c.Imports = string(r.Verdict), r.Promise, r.Imports
		for _, f := range r.Findings {
			c.Findings = append(c.Findings, f.Message)
		}
	}
	proba := m.Can("predict_proba") == nil && len(m.Classes()) == 1
	if proba {
		for _, l := range info.Classes {
			c.Labels = append(c.Labels, fmt.Sprint(l))
		}
	}
	want := m.Want(c.Method)
	c.Inputs, c.Words = want.Inputs(), want.Words()
	c.Lead = lead(c)
	example := &rows.Table{}
	if t, err := rows.Example(want); err == nil {
		example = t
	}
	switch {
	case want.Form == larder.FormTexts:
		c.Form = "text"
	case want.Form == larder.FormVector:
		c.Form = "label"
	case want.Form == larder.FormTable && len(c.Inputs) > 0 && len(c.Inputs) <= maxFields:
		c.Form = "table"
		_ = example.Spread() // one row
		for i, in := range c.Inputs {
			f := field{Input: in, Step: "any"}
			if in.Type == "integer" {
				f.Step = "1"
			}
			for _, o := range in.Categories {
				f.Options = append(f.Options, text(o))
			}
			if i < len(example.Columns) && example.Columns[i].Len() > 0 {
				f.Value = text(example.Columns[i].Cell(0).Go())
			}
			c.Row = append(c.Row, f)
		}
	default:
		c.Form = "json"
		c.Example = template.HTML(template.HTMLEscapeString(string(example.AppendRows(nil))))
	}
	return c
}

// lead says in a sentence what a model gives for what.
func lead(c *card) string {
	last := c.Info.Final()
	what := "Predicts"
	switch {
	case c.Method != "predict":
		what = "Gives " + c.Method
	case len(c.Labels) > 0 && len(c.Labels) <= 8:
		what = "Predicts " + either(c.Labels)
	case len(c.Labels) > 0:
		what = fmt.Sprintf("Predicts one of %d classes", len(c.Labels))
	}
	from, _, _ := strings.Cut(c.Words, " by position")
	return fmt.Sprintf("%s from %s with %s.", what, from, last[strings.LastIndexByte(last, '.')+1:])
}

func either(labels []string) string {
	n := len(labels) - 1
	if n < 1 {
		return strings.Join(labels, "")
	}
	return strings.Join(labels[:n], ", ") + " or " + labels[n]
}

func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case float64:
		b, _ := json.Marshal(x)
		return string(b)
	}
	return fmt.Sprint(v)
}

func (w *site) list(rw http.ResponseWriter, r *http.Request) {
	models := w.s.Models()
	if len(models) == 1 && r.URL.Query().Get("all") == "" {
		w.show(rw, r, models[0])
		return
	}
	cards := make([]*card, len(models))
	for i, m := range models {
		cards[i] = w.card(m)
	}
	w.render(rw, "list.html", cards)
}

func (w *site) model(rw http.ResponseWriter, r *http.Request) {
	name, twin := strings.CutSuffix(r.PathValue("model"), ".json")
	m, err := w.s.Model(name, r.URL.Query().Get("version"))
	if err != nil {
		rw.WriteHeader(http.StatusNotFound)
		w.render(rw, "missing.html", err.Error())
		return
	}
	if twin {
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(w.card(m))
		return
	}
	w.show(rw, r, m)
}

func (w *site) show(rw http.ResponseWriter, _ *http.Request, m *serve.Model) {
	w.render(rw, "model.html", w.card(m))
}

func (w *site) render(rw http.ResponseWriter, page string, data any) {
	var b bytes.Buffer
	if err := w.pages.ExecuteTemplate(&b, page, data); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	_, _ = rw.Write(b.Bytes())
}

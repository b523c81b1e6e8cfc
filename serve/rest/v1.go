package rest

import (
	"net/http"
	"strings"

	"github.com/larder-ml/larder/rows"
)

// routesV1 adds KServe's first protocol.
func (a *api) routesV1(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		b := []byte(`{"models":[`)
		for i, m := range a.s.Models() {
			if i > 0 {
				b = append(b, ',')
			}
			b = rows.AppendString(b, m.Name)
		}
		send(w, http.StatusOK, append(b, "]}\n"...))
	})
	mux.HandleFunc("GET /v1/models/{model}", func(w http.ResponseWriter, r *http.Request) {
		m, err := a.s.Model(r.PathValue("model"), "")
		if err != nil {
			fail(w, status(err), err)
			return
		}
		send(w, http.StatusOK, append(rows.AppendString([]byte(`{"name":`), m.Name), ",\"ready\":true}\n"...))
	})
	mux.HandleFunc("POST /v1/models/{model}", a.predictV1)
}

// predictV1 answers /v1/models/NAME:predict; other verbs are not there.
func (a *api) predictV1(w http.ResponseWriter, r *http.Request) {
	name, verb, _ := strings.Cut(r.PathValue("model"), ":")
	if verb != "predict" {
		fail(w, http.StatusNotFound, &badRequest{"only :predict is served"})
		return
	}
	m, err := a.s.Model(name, "")
	if err != nil {
		fail(w, status(err), err)
		return
	}
	j, err := a.jsonBody(r)
	if err != nil {
		fail(w, status(err), err)
		return
	}
	var t *rows.Table
	method := ""
	for j.Object(); j.More(); {
		switch j.Key() {
		case "instances", "inputs":
			if t != nil {
				fail(w, http.StatusBadRequest, &badRequest{"instances stands twice"})
				return
			}
			if t, err = rows.FromJSON(j); err != nil {
				fail(w, status(err), err)
				return
			}
		case "method":
			method = j.Text()
		default:
			j.Skip()
		}
	}
	if err := j.End(); err != nil {
		fail(w, status(err), err)
		return
	}
	if t == nil {
		fail(w, http.StatusBadRequest, &badRequest{`the request holds no "instances"`})
		return
	}
	res, _, err := a.s.Run(r.Context(), m, method, t)
	if err != nil {
		fail(w, status(err), err)
		return
	}
	send(w, http.StatusOK, append(appendResult([]byte(`{"predictions":`), res), "}\n"...))
}

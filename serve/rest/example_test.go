package rest_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/serve"
	"github.com/larder-ml/larder/serve/rest"
)

// A model behind HTTP. serve.Server.Serve answers on a listener until its context ends; here a test's server does.
func Example() {
	m, err := larder.Open("../../cmd/larder/quickstart/titanic.joblib")
	if err != nil {
		log.Fatal(err)
	}
	served, err := serve.NewModel("titanic", "1", m)
	if err != nil {
		log.Fatal(err)
	}
	s := serve.New(serve.Options{})
	s.Add(served)
	srv := httptest.NewServer(s.Guard(rest.Handler(s), rest.Open...))
	defer srv.Close()

	question := `{"dataframe_records":[{"pclass":3,"sex":"female","age":22,"fare":7.25,"embarked":"S"}]}`
	r, err := http.Post(srv.URL+"/invocations", "application/json", strings.NewReader(question))
	if err != nil {
		log.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(answer))
	// Output: {"predictions":["survived"]}
}

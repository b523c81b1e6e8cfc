// Package all is the one table of every estimator Larder knows.
package all

import (
	"github.com/larder-ml/larder/sklearn"
)

// Registry joins the tables of all rooms.
func Registry() *sklearn.Registry {
	return sklearn.NewRegistry()
}

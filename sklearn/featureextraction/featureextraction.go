// Package featureextraction is sklearn.feature_extraction: named values and hashed names to columns. Documents are in
// package text below.
package featureextraction

import (
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: "sklearn.feature_extraction.DictVectorizer",
		Modules: []string{"sklearn.feature_extraction._dict_vectorizer", "sklearn.feature_extraction.dict_vectorizer"},
		New:     func() sklearn.Estimator { return new(DictVectorizer) },
		FitOnly: []string{"sort"},
		Upgrade: []sklearn.Rung{{Before: "1.0", Fix: func(s *sklearn.State) error {
			if sparse, _ := s.Attrs.Get("sparse").(pyobj.Bool); !bool(sparse) {
				s.Attrs.Set(pyobj.Str("(values)"), pyobj.Str(ValuesLast))
			} else if sklearn.Older(s.Version, "0.24") {
				s.Attrs.Set(pyobj.Str("(values)"), pyobj.Str(ValuesSingle))
			}
			return nil
		}}}},
	{Name: "sklearn.feature_extraction.FeatureHasher",
		Modules: []string{"sklearn.feature_extraction._hash", "sklearn.feature_extraction._hashing", "sklearn.feature_extraction.hashing"},
		New:     func() sklearn.Estimator { return new(FeatureHasher) },
		Upgrade: []sklearn.Rung{{Before: "0.22", Fix: func(s *sklearn.State) error {
			s.Default("alternate_sign", pyobj.Bool(true))
			return nil
		}}}},
}

package larder

import (
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
)

// MigrateOptions name the release a model is rewritten for.
type MigrateOptions struct {
	Sklearn string   // "1.9.1", "1.4"; 1.0 to 1.9 are known
	Numpy2  bool     // name numpy's modules as numpy 2 does; by default as all releases understand
	Float32 bool     // keep the answers to float32 rows too, where that takes another class
	Without []string // methods that need not keep their numbers, where the model can not be expressed with them
}

// Migrate rewrites a model for another release of scikit-learn, which then loads it without a warning and computes the
// same numbers. It says all that it changed. The whole file is rewritten, or what Select chose; the original stays as it
// is. A file the audit does not call ok is refused, as is a model that the release can not express (release.RefusedError);
// a release that is not described answers ErrUnsupported.
func (m *Model) Migrate(o MigrateOptions) (*Model, *release.Report, error) {
	if err := m.notPython("scikit-learn"); err != nil {
		return nil, nil, err
	}
	if err := m.Trustworthy(); err != nil {
		return nil, nil, err
	}
	to, err := release.Find(o.Sklearn)
	if err != nil {
		return nil, nil, err
	}
	root := m.doc.Root
	if m.opts.selected != "" {
		root = m.root
	}
	root, report, err := release.Migrate(root, release.Options{To: to, Registry: m.opts.registry, Float32: o.Float32, Without: o.Without})
	if err != nil {
		return nil, nil, err
	}
	n := &Model{opts: m.opts, src: m.src, memory: m.memory, root: root, path: "model", migrated: true, numpy2: o.Numpy2,
		packed: sklearn.CompareVersions(to.Version, "1.2") < 0}
	n.opts.selected = ""
	doc := *m.doc
	doc.Root, doc.Extra = root, nil
	doc.Imports, doc.Calls = pyobj.Trace(root)
	n.doc = &doc
	if n.report, err = n.opts.gate(n.doc); err != nil {
		return nil, nil, err
	}
	if n.report.Verdict != audit.OK {
		return nil, nil, &UndeterminedError{n.report}
	}
	only, at, _, ok := onlyEstimator(root, n.opts.registry, n.report.Foreign())
	if !ok {
		only, at = root, "model"
	}
	strict := n.opts
	strict.lenient = false
	n.take(strict.binder(m.doc), only, at)
	return n, report, nil
}

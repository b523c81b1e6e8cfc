package larder

import (
	"sync"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/all"
	"github.com/larder-ml/larder/source"
)

// registry is the table of everything, made once.
var registry = sync.OnceValue(func() *sklearn.Registry { return all.Registry() })

// binder makes estimators of what a file holds.
func (o *options) binder(doc *pyobj.Doc) *sklearn.Binder {
	return &sklearn.Binder{Registry: o.registry, Lenient: o.lenient, Numpy: numpy.Generation(doc), BigEndian: numpy.BigEndian(doc.Root)}
}

// Option changes how a file is opened.
type Option func(*options)

type options struct {
	limits   source.Limits
	registry *sklearn.Registry
	selected string
	trusted  []string
	lenient  bool
	threads  int
	watch    func(done, total int64)
	outline  bool
}

func newOptions(opts []Option) options {
	o := options{limits: source.Default()}
	for _, f := range opts {
		f(&o)
	}
	if o.outline {
		o.limits = o.limits.Outlined()
	}
	if o.registry == nil {
		o.registry = registry()
	}
	return o
}

// WithLimits bounds what decoding may use; the default is source.Default().
func WithLimits(l source.Limits) Option { return func(o *options) { o.limits = l } }

// Outline opens a file to be looked at: floats of a compressed file that decompress to much more than its size are not kept in memory.
// Where there were some, the Model tells what it is, runs nothing and is not written.
func Outline() Option { return func(o *options) { o.outline = true } }

// WithRegistry uses another class table: a smaller one, or all.Registry with your own transformers added.
func WithRegistry(r *sklearn.Registry) Option { return func(o *options) { o.registry = r } }

// Select picks one object of a file that holds several, or a part of a model: "clf", "0", "steps[1]", "model.steps[0]".
func Select(path string) Option { return func(o *options) { o.selected = path } }

// Trusted allows classes by exact name ("__main__.MyTransformer") that are merely unknown. Callables can not be trusted.
func Trusted(names ...string) Option {
	return func(o *options) { o.trusted = append(o.trusted, names...) }
}

// Lenient makes attributes that are not accounted for findings instead of errors.
func Lenient() Option { return func(o *options) { o.lenient = true } }

// Threads sets how many workers a big batch may use; 0 is one per processor.
func Threads(n int) Option { return func(o *options) { o.threads = n } }

// Progress has f called, now and then, with how many of a big file's bytes have been read. Files that are mapped and not
// compressed are not read.
func Progress(f func(done, total int64)) Option { return func(o *options) { o.watch = f } }

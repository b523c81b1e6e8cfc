package release

import (
	"math"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// loss describes a loss function of any release.
type loss struct {
	name     string // of sklearn._loss.loss
	classes  int    // 0 for regression
	quantile float64
	delta    float64
	power    float64
	constant pyobj.Value // constant_hessian where it was stored
	threads  pyobj.Value
	stage    int // trees of a stage of the old gradient boosting
}

// lossNames maps old losses to sklearn._loss.loss.
var lossNames = map[string]string{
	"BinomialDeviance": "HalfBinomialLoss", "MultinomialDeviance": "HalfMultinomialLoss", "LeastSquaresError": "HalfSquaredError",
	"LeastAbsoluteError": "AbsoluteError", "HuberLossFunction": "HuberLoss", "QuantileLossFunction": "PinballLoss",
	"LeastSquares": "HalfSquaredError", "LeastAbsoluteDeviation": "AbsoluteError", "Poisson": "HalfPoissonLoss",
	"BinaryCrossEntropy": "HalfBinomialLoss", "CategoricalCrossEntropy": "HalfMultinomialLoss",
}

var lossLinks = map[string]string{
	"HalfSquaredError": "IdentityLink", "AbsoluteError": "IdentityLink", "PinballLoss": "IdentityLink", "HuberLoss": "IdentityLink",
	"HalfTweedieLossIdentity": "IdentityLink", "HalfPoissonLoss": "LogLink", "HalfGammaLoss": "LogLink", "HalfTweedieLoss": "LogLink",
	"HalfBinomialLoss": "LogitLink", "HalfMultinomialLoss": "MultinomialLogit", "ExponentialLoss": "HalfLogitLink",
}

// readLoss understands a loss object of any release.
func readLoss(v pyobj.Value) (*loss, bool) {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return nil, false
	}
	attrs, _ := o.Attrs()
	l := &loss{name: pyobj.ShortName(o.ClassName())}
	if n := lossNames[l.name]; n != "" {
		l.name = n
	}
	if lossLinks[l.name] == "" {
		return nil, false
	}
	number := func(names ...string) float64 {
		for _, n := range names {
			if f, err := sklearn.Float(attrs.Get(n)); err == nil {
				return f
			}
		}
		return math.NaN()
	}
	l.quantile, l.delta = number("quantile", "alpha"), number("gamma")
	l.constant, l.threads = attrs.Get("constant_hessian"), attrs.Get("n_threads")
	if l.constant == nil {
		l.constant = attrs.Get("hessians_are_constant")
	}
	if n, err := sklearn.Int(attrs.Get("n_classes")); err == nil {
		l.classes = n
	}
	if n, err := sklearn.Int(attrs.Get("K")); err == nil {
		l.stage = n
		if l.name == "HalfMultinomialLoss" {
			l.classes = n
		}
	}
	if l.name == "HalfBinomialLoss" || l.name == "ExponentialLoss" {
		l.classes = 2
	}
	if c, ok := attrs.Get("closs").(*pyobj.Object); ok {
		args := c.Args
		if strings.HasPrefix(pyobj.ShortName(c.ClassName()), "__pyx_unpickle") {
			args = nil
			for _, a := range append(append([]pyobj.Value{}, c.Args...), c.State) {
				if t, ok := a.(*pyobj.Tuple); ok && len(t.Items) > 0 {
					args = t.Items
				}
			}
		}
		if len(args) > 0 {
			f, err := sklearn.Float(args[0])
			if err != nil {
				return nil, false
			}
			switch l.name {
			case "PinballLoss":
				l.quantile = f
			case "HuberLoss":
				l.delta = f
			default:
				l.power = f
			}
		}
	}
	return l, true
}

func object(module, name string, attrs ...pyobj.Entry) *pyobj.Object {
	o := &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: module, Name: name}, Offset: -1}
	if attrs != nil {
		o.State = &pyobj.Dict{Entries: attrs}
	}
	return o
}

func interval(low, high float64, lowIn, highIn bool) *pyobj.Object {
	return object("sklearn._loss.link", "Interval", entry("low", pyobj.Float(low)), entry("high", pyobj.Float(high)),
		entry("low_inclusive", pyobj.Bool(lowIn)), entry("high_inclusive", pyobj.Bool(highIn)))
}

// write makes the loss as sklearn._loss.loss of a release keeps it; nil where that release has none of the name.
func (l *loss) write(to *Release) pyobj.Value {
	const module = "sklearn._loss.loss"
	if !to.Importable(module, l.name) {
		return nil
	}
	inf := math.Inf(1)
	var args []pyobj.Value
	switch l.name {
	case "PinballLoss":
		args = []pyobj.Value{pyobj.Float(l.quantile)}
	case "HuberLoss":
		args = []pyobj.Value{pyobj.Float(l.delta)}
	case "HalfTweedieLoss", "HalfTweedieLossIdentity":
		args = []pyobj.Value{pyobj.Float(l.power)}
	}
	truth, pred := interval(-inf, inf, false, false), interval(-inf, inf, false, false)
	approx, constant := false, false
	switch l.name {
	case "HalfSquaredError":
		constant = true
	case "AbsoluteError", "PinballLoss":
		approx, constant = true, true
	case "HuberLoss":
		approx = true
	case "HalfPoissonLoss":
		truth, pred = interval(0, inf, true, false), interval(0, inf, false, false)
	case "HalfGammaLoss":
		truth, pred = interval(0, inf, false, false), interval(0, inf, false, false)
	case "HalfTweedieLoss", "HalfTweedieLossIdentity":
		switch {
		case l.power <= 0:
		case l.power < 2:
			truth = interval(0, inf, true, false)
		default:
			truth = interval(0, inf, false, false)
		}
		if l.name == "HalfTweedieLoss" || l.power != 0 {
			pred = interval(0, inf, false, false)
		}
	case "HalfBinomialLoss", "ExponentialLoss":
		truth, pred = interval(0, 1, true, true), interval(0, 1, false, false)
	case "HalfMultinomialLoss":
		truth, pred = interval(0, inf, true, false), interval(0, 1, false, false)
	}
	var classes pyobj.Value = pyobj.None{}
	if l.classes > 0 {
		classes = pyobj.Int(l.classes)
	}
	var hessian pyobj.Value = pyobj.Bool(constant)
	if _, ok := l.constant.(pyobj.Bool); ok && (constant || !bool(l.constant.(pyobj.Bool))) {
		hessian = l.constant
	}
	attrs := []pyobj.Entry{
		entry("closs", &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "sklearn._loss._loss", Name: "Cy" + l.name}, Args: args, Offset: -1}),
		entry("link", object("sklearn._loss.link", lossLinks[l.name])),
		entry("approx_hessian", pyobj.Bool(approx)), entry("constant_hessian", hessian), entry("n_classes", classes),
		entry("interval_y_true", truth), entry("interval_y_pred", pred),
	}
	if l.name == "HuberLoss" {
		attrs = append(attrs, entry("quantile", pyobj.Float(l.quantile)))
	}
	if !to.Before("1.9") {
		attrs = append(attrs, entry("xp", pyobj.None{}), entry("device", pyobj.None{}))
		if l.name == "HalfMultinomialLoss" {
			attrs = append(attrs, entry("class_indexing_offsets", pyobj.None{}), entry("y_true_int", pyobj.None{}), entry("y_true_one_hot", pyobj.None{}))
		}
	}
	return object(module, l.name, attrs...)
}

// old makes the loss of gradient boosting before 1.4.
func (l *loss) old() pyobj.Value {
	const module = "sklearn.ensemble._gb_losses"
	k := func(n int) pyobj.Entry { return entry("K", pyobj.Int(n)) }
	switch l.name {
	case "HalfBinomialLoss":
		return object(module, "BinomialDeviance", k(1))
	case "HalfMultinomialLoss":
		return object(module, "MultinomialDeviance", k(l.classes))
	case "ExponentialLoss":
		return object(module, "ExponentialLoss", k(1))
	case "HalfSquaredError":
		return object(module, "LeastSquaresError", k(1))
	case "AbsoluteError":
		return object(module, "LeastAbsoluteError", k(1))
	case "HuberLoss":
		return object(module, "HuberLossFunction", k(1), entry("alpha", pyobj.Float(l.quantile)), entry("gamma", pyobj.Float(l.delta)))
	case "PinballLoss":
		return object(module, "QuantileLossFunction", k(1), entry("alpha", pyobj.Float(l.quantile)), entry("percentile", pyobj.Float(l.quantile*100)))
	}
	return nil
}

// oldHist makes the loss of histogram gradient boosting before 1.1.
func (l *loss) oldHist() pyobj.Value {
	name := map[string]string{"HalfSquaredError": "LeastSquares", "AbsoluteError": "LeastAbsoluteDeviation", "HalfPoissonLoss": "Poisson",
		"HalfBinomialLoss": "BinaryCrossEntropy", "HalfMultinomialLoss": "CategoricalCrossEntropy"}[l.name]
	if name == "" {
		return nil
	}
	var constant, threads pyobj.Value = pyobj.Bool(l.name == "HalfSquaredError" || l.name == "AbsoluteError"), pyobj.Int(1)
	if l.threads != nil {
		threads = l.threads
	}
	return object("sklearn.ensemble._hist_gradient_boosting.loss", name, entry("hessians_are_constant", constant), entry("n_threads", threads))
}

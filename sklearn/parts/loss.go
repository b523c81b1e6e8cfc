package parts

import (
	"fmt"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// Loss is the fitted loss of boosting, of which predicting needs the link alone. The class name tells it, whatever the
// loss parameter says: sklearn._loss.loss since 1.1 (histograms) and 1.4, before that classes of the ensembles' own.
type Loss struct {
	Link Link
	Old  bool // of the ensembles' own
}

// Link is how raw scores become predictions.
type Link uint8

// The links.
const (
	LinkIdentity    Link = iota
	LinkLog              // exp
	LinkLogit            // two classes: the logistic function
	LinkHalfLogit        // exponential loss: the logistic function of twice the score
	LinkMultinomial      // softmax; old losses: exp(score - logsumexp)
)

var links = map[string]Link{
	"HalfSquaredError": LinkIdentity, "AbsoluteError": LinkIdentity, "HuberLoss": LinkIdentity, "PinballLoss": LinkIdentity,
	"HalfPoissonLoss": LinkLog, "HalfGammaLoss": LinkLog,
	"HalfBinomialLoss": LinkLogit, "ExponentialLoss": LinkHalfLogit, "HalfMultinomialLoss": LinkMultinomial,
}

var oldLinks = map[string]Link{
	"LeastSquaresError": LinkIdentity, "LeastAbsoluteError": LinkIdentity, "HuberLossFunction": LinkIdentity, "QuantileLossFunction": LinkIdentity,
	"LeastSquares": LinkIdentity, "LeastAbsoluteDeviation": LinkIdentity, "Poisson": LinkLog,
	"BinomialDeviance": LinkLogit, "BinaryCrossEntropy": LinkLogit, "ExponentialLoss": LinkHalfLogit,
	"MultinomialDeviance": LinkMultinomial, "CategoricalCrossEntropy": LinkMultinomial,
}

// UnmarshalPy reads a loss object.
func (l *Loss) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted a loss"}
	}
	n := o.ClassName()
	table := links
	if l.Old = strings.HasPrefix(n, "sklearn.ensemble."); l.Old {
		table = oldLinks
	} else if !strings.HasPrefix(n, "sklearn._loss.") {
		table = nil
	}
	if l.Link, ok = table[pyobj.ShortName(n)]; !ok {
		return &sklearn.BindError{Path: path, Msg: fmt.Sprintf("loss %s is not known", n)}
	}
	return nil
}

// Classifies reports a loss of classifiers.
func (l *Loss) Classifies() bool { return l.Link >= LinkLogit }

// Proba gives probabilities from raw scores [N,k], or of stages [N,s,k]; k is 1 for two classes.
func (l *Loss) Proba(b *graph.Builder, raw graph.Value, order graph.Order) graph.Value {
	if !raw.OK() {
		return raw
	}
	shape := raw.Type().Shape
	axis := len(shape) - 1
	switch l.Link {
	case LinkMultinomial:
		if l.Old {
			return b.Unary(graph.OpExp, b.Sub(raw, b.Reduce(graph.OpLogSumExp, raw, axis, true, order)))
		}
		if axis == 1 {
			return b.Softmax(raw, order)
		}
		e := b.Unary(graph.OpExp, b.Sub(raw, b.Reduce(graph.OpReduceMax, raw, axis, true, graph.Any)))
		return b.Div(e, b.Reduce(graph.OpReduceSum, e, axis, true, order))
	case LinkHalfLogit:
		raw = b.Mul(b.Scalar(2, raw), raw)
	}
	p := b.Unary(graph.OpSigmoid, b.Reshape(raw, shape[:axis]...))
	if axis == 1 {
		return Complement(b, p)
	}
	return b.Transpose(b.Stack(b.Sub(b.Scalar(1, p), p), p), 0, 2, 1)
}

// Inverse gives predictions of a regressor from raw scores.
func (l *Loss) Inverse(b *graph.Builder, raw graph.Value) graph.Value {
	if l.Link == LinkLog {
		return b.Unary(graph.OpExp, raw)
	}
	return raw
}

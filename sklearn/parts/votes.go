package parts

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// pairTables gives, for pairs i < j of k classes, the matrices [pairs,k] with a 1 for i, a 1 for j, and -1 and 1.
func pairTables(k int) (first, second, move *tensor.Tensor) {
	n := k * (k - 1) / 2
	first, second, move = tensor.New(tensor.Float64, n, k), tensor.New(tensor.Float64, n, k), tensor.New(tensor.Float64, n, k)
	p := 0
	for i := range k {
		for j := i + 1; j < k; j++ {
			first.F64[p*k+i] = 1
			second.F64[p*k+j] = 1
			move.F64[p*k+i], move.F64[p*k+j] = -1, 1
			p++
		}
	}
	return first, second, move
}

// ovoVotes counts votes: first and second [N,pairs] hold where pair i < j goes to i and to j.
func ovoVotes(b *graph.Builder, first, second graph.Value, k int) graph.Value {
	fi, se, _ := pairTables(k)
	return b.Add(b.MatMul(b.Cast(first, tensor.Float64), b.Const(fi)), b.MatMul(b.Cast(second, tensor.Float64), b.Const(se)))
}

// OvOWinner is the first class with most votes.
func OvOWinner(b *graph.Builder, first, second graph.Value, k int) graph.Value {
	return b.ArgMax(ovoVotes(b, first, second, k))
}

// OvrRule says how sums of confidences are brought below one vote.
type OvrRule string

// The rules.
const (
	OvrByRow   OvrRule = ""        // s/(3(|s|+1))
	OvrByBatch OvrRule = "batch"   // before 0.21: s(½-ε)/max|s| over the whole batch
	OvrAgainst OvrRule = "against" // support vector machines before 0.18.1: that of the confidences with the other sign
)

// OvrFromOvo is sklearn.utils.multiclass._ovr_decision_function: votes and confidences (positive for j) of the pairs
// i < j to one score per class. undefined: confidences may be NaN.
func OvrFromOvo(b *graph.Builder, first, second, conf graph.Value, k int, rule OvrRule, undefined bool) graph.Value {
	votes := ovoVotes(b, first, second, k)
	_, _, move := pairTables(k)
	conf = b.Cast(conf, tensor.Float64)
	s := b.MatMul(conf, b.Const(move))
	if undefined { // only for the two classes of a pair
		gone := b.Unary(graph.OpIsNaN, conf)
		s = b.MatMul(b.Where(gone, b.Scalar(0, conf), conf), b.Const(move))
		hit := b.MatMul(b.Cast(gone, tensor.Float64), b.Unary(graph.OpAbs, b.Const(move)))
		s = b.Where(b.Binary(graph.OpGreater, hit, b.Scalar(0, hit)), b.Scalar(math.NaN(), s), s)
	}
	switch rule {
	case OvrByBatch:
		return b.OvrScale(votes, s)
	case OvrAgainst:
		return b.OvrScale(votes, b.Unary(graph.OpNeg, s))
	}
	a := b.Unary(graph.OpAbs, s)
	a = b.Add(a, b.Scalar(1, a))
	return b.Add(votes, b.Div(s, b.Mul(b.Scalar(3, a), a)))
}

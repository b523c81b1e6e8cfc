package parts

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// pairTables gives, for pairs i < j of k classes, the matrix that turns a 1 for j into one vote from i to j, the votes
// of each class when every pair goes to i, and the matrix that takes a confidence from i and gives it to j.
func pairTables(k int) (move, first *tensor.Tensor) {
	n := k * (k - 1) / 2
	move, first = tensor.New(tensor.Float64, n, k), tensor.New(tensor.Float64, k)
	p := 0
	for i := range k {
		for j := i + 1; j < k; j++ {
			move.F64[p*k+i], move.F64[p*k+j] = -1, 1
			first.F64[i]++
			p++
		}
	}
	return move, first
}

// OvOWinner is the first class with most votes; pred [N,pairs] holds where pair i < j goes to j.
func OvOWinner(b *graph.Builder, pred graph.Value, k int) graph.Value {
	move, first := pairTables(k)
	return b.ArgMax(b.Add(b.MatMul(b.Cast(pred, tensor.Float64), b.Const(move)), b.Const(first)))
}

// OvrRule says how sums of confidences are brought below one vote.
type OvrRule string

// The rules.
const (
	OvrByRow   OvrRule = ""      // s/(3(|s|+1))
	OvrByBatch OvrRule = "batch" // before 0.21: s(½-ε)/max|s| over the whole batch
)

// OvrFromOvo is sklearn.utils.multiclass._ovr_decision_function: votes and confidences (positive for j) of the pairs
// i < j to one score per class.
func OvrFromOvo(b *graph.Builder, pred, conf graph.Value, k int, rule OvrRule) graph.Value {
	move, first := pairTables(k)
	votes := b.Add(b.MatMul(b.Cast(pred, tensor.Float64), b.Const(move)), b.Const(first))
	s := b.MatMul(b.Cast(conf, tensor.Float64), b.Const(move))
	if rule == OvrByBatch {
		return b.OvrScale(votes, s)
	}
	a := b.Unary(graph.OpAbs, s)
	a = b.Add(a, b.Scalar(1, a))
	return b.Add(votes, b.Div(s, b.Mul(b.Scalar(3, a), a)))
}

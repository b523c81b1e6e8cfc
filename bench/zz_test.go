package main
import ("testing";"context";"os";"time";"fmt";"github.com/larder-ml/larder";"github.com/larder-ml/larder/tensor")
func TestOne(b *testing.T){
 t0:=time.Now()
 m,err:=larder.Open(os.Getenv("M"),larder.Threads(1)); if err!=nil{b.Fatal(err)}
 fmt.Println("open us", time.Since(t0))
 x,_:=load("/tmp/tree-x/models/rows.npy")
 do:=func(){
 for _,n:=range []int{1,100,300,5000}{
  best:=1e9
  for k:=0;k<40;k++{ t:=time.Now()
   for i:=0;i<200;i++{ r:=(k*200+i)%n; m.Run(context.Background(),"predict_proba",tensor.Value{Dense:tensor.FromF32(x.F32[20*r:20*r+20],1,20)}) }
   best=min(best,time.Since(t).Seconds()/200*1e6)
  }
  fmt.Printf("%d: %.1f us\n",n,best)
 }}
 do()
 t0=time.Now()
 m.Run(context.Background(),"predict_proba",tensor.Value{Dense:tensor.FromF32(x.F32[:20*1000],1000,20)})
 fmt.Println("build us", time.Since(t0))
 do()
}

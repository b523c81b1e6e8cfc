#include "textflag.h"

// func walkNearAVX2(near, base, at *int64, n int, x *int64, depth int)
// n, a multiple of 4, walks side by side: at[j] goes from node to child in the tree that begins at near[base[j]], until
// depth levels are done or no walk has moved.
TEXT ·walkNearAVX2(SB), NOSPLIT, $0-48
	MOVQ      near+0(FP), SI
	MOVQ      base+8(FP), R8
	MOVQ      at+16(FP), R9
	MOVQ      n+24(FP), CX
	MOVQ      x+32(FP), DX
	MOVQ      depth+40(FP), BX
	MOVQ      $0xffff, AX
	MOVQ      AX, X0
	VPBROADCASTQ X0, Y15

level:
	TESTQ BX, BX
	JLE   done
	DECQ  BX
	VPXOR Y14, Y14, Y14
	XORQ  AX, AX

four:
	VMOVDQU    (R9)(AX*8), Y1
	VPADDQ     (R8)(AX*8), Y1, Y2
	VPCMPEQQ   Y3, Y3, Y3
	VPXOR      Y4, Y4, Y4
	VPGATHERQQ Y3, (SI)(Y2*8), Y4
	VPSRLQ     $15, Y4, Y5
	VPAND      Y15, Y5, Y5
	VPCMPEQQ   Y3, Y3, Y3
	VPXOR      Y6, Y6, Y6
	VPGATHERQQ Y3, (DX)(Y5*8), Y6
	VPSUBQ     Y6, Y4, Y4
	VPSRLQ     $63, Y4, Y5
	VPADDQ     Y4, Y4, Y4
	VPOR       Y5, Y4, Y4
	VPAND      Y15, Y4, Y4
	VMOVDQU    Y4, (R9)(AX*8)
	VPXOR      Y1, Y4, Y1
	VPOR       Y1, Y14, Y14
	ADDQ       $4, AX
	CMPQ       AX, CX
	JLT        four
	VPTEST     Y14, Y14
	JNZ        level

done:
	VZEROUPPER
	RET

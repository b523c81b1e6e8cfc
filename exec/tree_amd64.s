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

// func walkRowsAVX512(near, x *int64, stride, depth int, leaf *int64)
// 32 rows go down the tree at near, until depth levels are done or no row has moved. Their keys are in four groups of
// eight, stride bytes apart. leaf gets the leaves' numbers. The nodes of the first three levels are the tree's first eight.
TEXT ·walkRowsAVX512(SB), NOSPLIT, $0-40
	MOVQ      near+0(FP), SI
	MOVQ      x+8(FP), R8
	MOVQ      stride+16(FP), AX
	MOVQ      depth+24(FP), BX
	MOVQ      leaf+32(FP), DI
	LEAQ      (R8)(AX*1), R9
	LEAQ      (R9)(AX*1), R10
	LEAQ      (R10)(AX*1), R11
	MOVQ      $0xffff, AX
	VPBROADCASTQ AX, Z31
	MOVQ      $0x7f800002, AX // keyLeaf
	VPBROADCASTQ AX, Z28
	VMOVDQU64 lanes<>(SB), Z30
	TESTQ     BX, BX
	JLE       leaves
	DECQ      BX

	// All stand at the root, and its keys lie side by side.
	VMOVDQU64    (SI), Z27
	MOVQ         (SI), AX
	VPBROADCASTQ AX, Z4
	SHRQ         $15, AX
	MOVWQZX      AX, AX
	VPSUBQ       (R8)(AX*8), Z4, Z0
	VPSUBQ       (R9)(AX*8), Z4, Z1
	VPSUBQ       (R10)(AX*8), Z4, Z2
	VPSUBQ       (R11)(AX*8), Z4, Z3
	VPROLQ       $1, Z0, Z0
	VPROLQ       $1, Z1, Z1
	VPROLQ       $1, Z2, Z2
	VPROLQ       $1, Z3, Z3
	VPANDQ       Z31, Z0, Z0
	VPANDQ       Z31, Z1, Z1
	VPANDQ       Z31, Z2, Z2
	VPANDQ       Z31, Z3, Z3

	// Go down from node nd.
#define TURN(at, x, nd, sl, k1) \
	VPSRLQ     $15, nd, sl; \
	VPTERNLOGQ $0xea, Z30, Z31, sl; \
	KXNORW     k1, k1, k1; \
	VPXORQ     Z29, Z29, Z29; \
	VPGATHERQQ (x)(sl*8), k1, Z29; \
	VPSUBQ     Z29, nd, nd; \
	VPROLQ     $1, nd, nd; \
	VPANDQ     Z31, nd, nd; \
	VPXORQ     nd, at, sl; \
	VMOVDQA64  nd, at

#define DOWN(at, x, nd, sl, k1) \
	KXNORW     k1, k1, k1; \
	VPXORQ     nd, nd, nd; \
	VPGATHERQQ (SI)(at*8), k1, nd; \
	TURN(at, x, nd, sl, k1)

	// The next two levels are in the tree's first line.
	MOVQ $2, CX

line:
	TESTQ  BX, BX
	JLE    done
	DECQ   BX
	VPERMQ Z27, Z0, Z4
	VPERMQ Z27, Z1, Z5
	VPERMQ Z27, Z2, Z6
	VPERMQ Z27, Z3, Z7
	TURN(Z0, R8, Z4, Z8, K1)
	TURN(Z1, R9, Z5, Z9, K2)
	TURN(Z2, R10, Z6, Z10, K3)
	TURN(Z3, R11, Z7, Z11, K4)
	DECQ   CX
	JNZ    line

level:
	TESTQ BX, BX
	JLE   done
	DECQ  BX
	DOWN(Z0, R8, Z4, Z8, K1)
	DOWN(Z1, R9, Z5, Z9, K2)
	DOWN(Z2, R10, Z6, Z10, K3)
	DOWN(Z3, R11, Z7, Z11, K4)
	VPORQ      Z9, Z8, Z8
	VPTERNLOGQ $0xfe, Z11, Z10, Z8
	VPTESTMQ   Z8, Z8, K5
	KORTESTW   K5, K5
	JNZ        level
	JMP        done

leaves:
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3

done:
#define LEAF(at, o) \
	KXNORW     K1, K1, K1; \
	VPXORQ     Z4, Z4, Z4; \
	VPGATHERQQ (SI)(at*8), K1, Z4; \
	VPSRAQ     $31, Z4, Z4; \
	VPSRAQ     $63, Z4, Z5; \
	VPXORQ     Z5, Z4, Z4; \
	VPSUBQ     Z28, Z4, Z4; \
	VMOVDQU64  Z4, o(DI)

	LEAF(Z0, 0)
	LEAF(Z1, 64)
	LEAF(Z2, 128)
	LEAF(Z3, 192)
	VZEROUPPER
	RET

DATA lanes<>+0(SB)/8, $0
DATA lanes<>+8(SB)/8, $1
DATA lanes<>+16(SB)/8, $2
DATA lanes<>+24(SB)/8, $3
DATA lanes<>+32(SB)/8, $4
DATA lanes<>+40(SB)/8, $5
DATA lanes<>+48(SB)/8, $6
DATA lanes<>+56(SB)/8, $7
GLOBL lanes<>(SB), RODATA|NOPTR, $64

// func walkNearAVX512(near, base, at *int64, n int, x *int64, depth int)
// walkNearAVX2 for n a multiple of 8.
TEXT ·walkNearAVX512(SB), NOSPLIT, $0-48
	MOVQ      near+0(FP), SI
	MOVQ      base+8(FP), R8
	MOVQ      at+16(FP), R9
	MOVQ      n+24(FP), CX
	MOVQ      x+32(FP), DX
	MOVQ      depth+40(FP), BX
	MOVQ      $0xffff, AX
	VPBROADCASTQ AX, Z15

level8:
	TESTQ BX, BX
	JLE   done8
	DECQ  BX
	VPXORQ Z14, Z14, Z14
	XORQ  AX, AX

eight:
	VMOVDQU64  (R9)(AX*8), Z1
	VPADDQ     (R8)(AX*8), Z1, Z2
	KXNORW     K1, K1, K1
	VPXORQ     Z4, Z4, Z4
	VPGATHERQQ (SI)(Z2*8), K1, Z4
	VPSRLQ     $15, Z4, Z5
	VPANDQ     Z15, Z5, Z5
	KXNORW     K2, K2, K2
	VPXORQ     Z6, Z6, Z6
	VPGATHERQQ (DX)(Z5*8), K2, Z6
	VPSUBQ     Z6, Z4, Z4
	VPROLQ     $1, Z4, Z4
	VPANDQ     Z15, Z4, Z4
	VMOVDQU64  Z4, (R9)(AX*8)
	VPTERNLOGQ $0xf6, Z4, Z1, Z14 // Z14 | Z1 ^ Z4
	ADDQ       $8, AX
	CMPQ       AX, CX
	JLT        eight
	VPTESTMQ   Z14, Z14, K1
	KORTESTW   K1, K1
	JNZ        level8

done8:
	VZEROUPPER
	RET

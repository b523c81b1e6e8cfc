#include "textflag.h"

// func add32AVX(o, x, y *float32, n int): o[i] = x[i] ADD y[i]
TEXT ·add32AVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $16, CX
	JLT  eight

sixteen:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VADDPS  (DX), Y0, Y0
	VADDPS  32(DX), Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $16, CX
	JGE     sixteen

eight:
	ADDQ    $8, CX
	JLT     rest
	VMOVUPS (SI), Y0
	VADDPS  (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VADDSS (DX), X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DX
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func add32ScalarAVX(o, x *float32, y float32, n int): o[i] = x[i] ADD y
TEXT ·add32ScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSS y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $8, CX
	JLT          rest

eight:
	VMOVUPS (SI), Y0
	VADDPS  Y2, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JGE     eight

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VADDSS X2, X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func sub32AVX(o, x, y *float32, n int): o[i] = x[i] SUB y[i]
TEXT ·sub32AVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $16, CX
	JLT  eight

sixteen:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VSUBPS  (DX), Y0, Y0
	VSUBPS  32(DX), Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $16, CX
	JGE     sixteen

eight:
	ADDQ    $8, CX
	JLT     rest
	VMOVUPS (SI), Y0
	VSUBPS  (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VSUBSS (DX), X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DX
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func sub32ScalarAVX(o, x *float32, y float32, n int): o[i] = x[i] SUB y
TEXT ·sub32ScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSS y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $8, CX
	JLT          rest

eight:
	VMOVUPS (SI), Y0
	VSUBPS  Y2, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JGE     eight

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VSUBSS X2, X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func mul32AVX(o, x, y *float32, n int): o[i] = x[i] MUL y[i]
TEXT ·mul32AVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $16, CX
	JLT  eight

sixteen:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMULPS  (DX), Y0, Y0
	VMULPS  32(DX), Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $16, CX
	JGE     sixteen

eight:
	ADDQ    $8, CX
	JLT     rest
	VMOVUPS (SI), Y0
	VMULPS  (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VMULSS (DX), X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DX
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func mul32ScalarAVX(o, x *float32, y float32, n int): o[i] = x[i] MUL y
TEXT ·mul32ScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSS y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $8, CX
	JLT          rest

eight:
	VMOVUPS (SI), Y0
	VMULPS  Y2, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JGE     eight

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VMULSS X2, X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func div32AVX(o, x, y *float32, n int): o[i] = x[i] DIV y[i]
TEXT ·div32AVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $16, CX
	JLT  eight

sixteen:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VDIVPS  (DX), Y0, Y0
	VDIVPS  32(DX), Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $16, CX
	JGE     sixteen

eight:
	ADDQ    $8, CX
	JLT     rest
	VMOVUPS (SI), Y0
	VDIVPS  (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VDIVSS (DX), X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DX
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func div32ScalarAVX(o, x *float32, y float32, n int): o[i] = x[i] DIV y
TEXT ·div32ScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSS y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $8, CX
	JLT          rest

eight:
	VMOVUPS (SI), Y0
	VDIVPS  Y2, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JGE     eight

rest:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS (SI), X0
	VDIVSS X2, X0, X0
	VMOVSS X0, (DI)
	ADDQ   $4, SI
	ADDQ   $4, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func relu32AVX(o, x *float32, n int)
// n is a multiple of 8.
TEXT ·relu32AVX(SB), NOSPLIT, $0-24
	MOVQ   o+0(FP), DI
	MOVQ   x+8(FP), SI
	MOVQ   n+16(FP), CX
	VXORPS Y2, Y2, Y2

eight:
	SUBQ    $8, CX
	JLT     done
	VMOVUPS (SI), Y0
	VMAXPS  Y0, Y2, Y0 // the second operand where one is NaN
	VADDPS  Y2, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	JMP     eight

done:
	VZEROUPPER
	RET

// func tile4x16AVX(k int, x, strip, out *float32, stride int)
TEXT ·tile4x16AVX(SB), NOSPLIT, $0-40
	MOVQ k+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ strip+16(FP), DI
	MOVQ out+24(FP), DX
	LEAQ (SI)(CX*4), R8
	LEAQ (R8)(CX*4), R9
	LEAQ (R9)(CX*4), R10
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	XORQ AX, AX

loop4x16:
	VMOVUPS (DI), Y8
	VMOVUPS 32(DI), Y9
	VBROADCASTSS (SI)(AX*4), Y10
	VMULPS Y8, Y10, Y11
	VMULPS Y9, Y10, Y12
	VADDPS Y11, Y0, Y0
	VADDPS Y12, Y1, Y1
	VBROADCASTSS (R8)(AX*4), Y10
	VMULPS Y8, Y10, Y13
	VMULPS Y9, Y10, Y14
	VADDPS Y13, Y2, Y2
	VADDPS Y14, Y3, Y3
	VBROADCASTSS (R9)(AX*4), Y10
	VMULPS Y8, Y10, Y11
	VMULPS Y9, Y10, Y12
	VADDPS Y11, Y4, Y4
	VADDPS Y12, Y5, Y5
	VBROADCASTSS (R10)(AX*4), Y10
	VMULPS Y8, Y10, Y13
	VMULPS Y9, Y10, Y14
	VADDPS Y13, Y6, Y6
	VADDPS Y14, Y7, Y7
	ADDQ $64, DI
	INCQ AX
	CMPQ AX, CX
	JLT  loop4x16
	MOVQ stride+32(FP), AX
	SHLQ $2, AX
	VMOVUPS Y0, 0(DX)
	VMOVUPS Y1, 32(DX)
	ADDQ AX, DX
	VMOVUPS Y2, 0(DX)
	VMOVUPS Y3, 32(DX)
	ADDQ AX, DX
	VMOVUPS Y4, 0(DX)
	VMOVUPS Y5, 32(DX)
	ADDQ AX, DX
	VMOVUPS Y6, 0(DX)
	VMOVUPS Y7, 32(DX)
	VZEROUPPER
	RET

// func tile8x8AVX(k int, x, strip, out *float32, stride int)
TEXT ·tile8x8AVX(SB), NOSPLIT, $0-40
	MOVQ k+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ strip+16(FP), DI
	MOVQ out+24(FP), DX
	LEAQ (SI)(CX*4), R8
	LEAQ (R8)(CX*4), R9
	LEAQ (R9)(CX*4), R10
	LEAQ (R10)(CX*4), R11
	LEAQ (R11)(CX*4), R12
	LEAQ (R12)(CX*4), R13
	LEAQ (R13)(CX*4), BX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	XORQ AX, AX

loop8x8:
	VMOVUPS (DI), Y8
	VBROADCASTSS (SI)(AX*4), Y9
	VMULPS Y8, Y9, Y9
	VADDPS Y9, Y0, Y0
	VBROADCASTSS (R8)(AX*4), Y10
	VMULPS Y8, Y10, Y10
	VADDPS Y10, Y1, Y1
	VBROADCASTSS (R9)(AX*4), Y11
	VMULPS Y8, Y11, Y11
	VADDPS Y11, Y2, Y2
	VBROADCASTSS (R10)(AX*4), Y12
	VMULPS Y8, Y12, Y12
	VADDPS Y12, Y3, Y3
	VBROADCASTSS (R11)(AX*4), Y9
	VMULPS Y8, Y9, Y9
	VADDPS Y9, Y4, Y4
	VBROADCASTSS (R12)(AX*4), Y10
	VMULPS Y8, Y10, Y10
	VADDPS Y10, Y5, Y5
	VBROADCASTSS (R13)(AX*4), Y11
	VMULPS Y8, Y11, Y11
	VADDPS Y11, Y6, Y6
	VBROADCASTSS (BX)(AX*4), Y12
	VMULPS Y8, Y12, Y12
	VADDPS Y12, Y7, Y7
	ADDQ $32, DI
	INCQ AX
	CMPQ AX, CX
	JLT  loop8x8
	MOVQ stride+32(FP), AX
	SHLQ $2, AX
	VMOVUPS Y0, 0(DX)
	ADDQ AX, DX
	VMOVUPS Y1, 0(DX)
	ADDQ AX, DX
	VMOVUPS Y2, 0(DX)
	ADDQ AX, DX
	VMOVUPS Y3, 0(DX)
	ADDQ AX, DX
	VMOVUPS Y4, 0(DX)
	ADDQ AX, DX
	VMOVUPS Y5, 0(DX)
	ADDQ AX, DX
	VMOVUPS Y6, 0(DX)
	ADDQ AX, DX
	VMOVUPS Y7, 0(DX)
	VZEROUPPER
	RET

// func tile1x16AVX(k int, x, strip, out *float32)
TEXT ·tile1x16AVX(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ strip+16(FP), DI
	MOVQ out+24(FP), DX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	XORQ AX, AX

loop1x16:
	VBROADCASTSS (SI)(AX*4), Y2
	VMULPS (DI), Y2, Y3
	VMULPS 32(DI), Y2, Y4
	VADDPS Y3, Y0, Y0
	VADDPS Y4, Y1, Y1
	ADDQ $64, DI
	INCQ AX
	CMPQ AX, CX
	JLT  loop1x16
	VMOVUPS Y0, (DX)
	VMOVUPS Y1, 32(DX)
	VZEROUPPER
	RET

// func tile8x16AVX512(k int, x, strip, out *float32, stride int)
TEXT ·tile8x16AVX512(SB), NOSPLIT, $0-40
	MOVQ k+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ strip+16(FP), DI
	MOVQ out+24(FP), DX
	LEAQ (SI)(CX*4), R8
	LEAQ (R8)(CX*4), R9
	LEAQ (R9)(CX*4), R10
	LEAQ (R10)(CX*4), R11
	LEAQ (R11)(CX*4), R12
	LEAQ (R12)(CX*4), R13
	LEAQ (R13)(CX*4), BX
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	XORQ AX, AX

loop8x16:
	VMOVUPS (DI), Z8
	VMULPS.BCST (SI)(AX*4), Z8, Z9
	VADDPS Z9, Z0, Z0
	VMULPS.BCST (R8)(AX*4), Z8, Z10
	VADDPS Z10, Z1, Z1
	VMULPS.BCST (R9)(AX*4), Z8, Z11
	VADDPS Z11, Z2, Z2
	VMULPS.BCST (R10)(AX*4), Z8, Z12
	VADDPS Z12, Z3, Z3
	VMULPS.BCST (R11)(AX*4), Z8, Z13
	VADDPS Z13, Z4, Z4
	VMULPS.BCST (R12)(AX*4), Z8, Z14
	VADDPS Z14, Z5, Z5
	VMULPS.BCST (R13)(AX*4), Z8, Z15
	VADDPS Z15, Z6, Z6
	VMULPS.BCST (BX)(AX*4), Z8, Z16
	VADDPS Z16, Z7, Z7
	ADDQ $64, DI
	INCQ AX
	CMPQ AX, CX
	JLT  loop8x16
	MOVQ stride+32(FP), AX
	SHLQ $2, AX
	VMOVUPS Z0, (DX)
	ADDQ AX, DX
	VMOVUPS Z1, (DX)
	ADDQ AX, DX
	VMOVUPS Z2, (DX)
	ADDQ AX, DX
	VMOVUPS Z3, (DX)
	ADDQ AX, DX
	VMOVUPS Z4, (DX)
	ADDQ AX, DX
	VMOVUPS Z5, (DX)
	ADDQ AX, DX
	VMOVUPS Z6, (DX)
	ADDQ AX, DX
	VMOVUPS Z7, (DX)
	VZEROUPPER
	RET

// func avx512() bool
TEXT ·avx512(SB), NOSPLIT, $0-1
	MOVL $0, CX
	XGETBV
	ANDL $0xe6, AX // the system saves ZMM and the masks
	CMPL AX, $0xe6
	JNE  no
	MOVL $7, AX
	MOVL $0, CX
	CPUID
	SHRL $16, BX // AVX512F
	ANDL $1, BX
	MOVB BX, ret+0(FP)
	RET

no:
	MOVB $0, ret+0(FP)
	RET

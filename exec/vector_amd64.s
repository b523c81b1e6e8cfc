#include "textflag.h"

// func addAVX(o, x, y *float64, n int): o[i] = x[i] ADD y[i]
TEXT ·addAVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $8, CX
	JLT  four

eight:
	VMOVUPD (SI), Y0
	VMOVUPD 32(SI), Y1
	VADDPD  (DX), Y0, Y0
	VADDPD  32(DX), Y1, Y1
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $8, CX
	JGE     eight

four:
	ADDQ    $4, CX
	JLT     rest
	VMOVUPD (SI), Y0
	VADDPD  (DX), Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $4, CX

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VADDSD (DX), X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DX
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func addScalarAVX(o, x *float64, y float64, n int): o[i] = x[i] ADD y
TEXT ·addScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSD y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $4, CX
	JLT          rest

four:
	VMOVUPD (SI), Y0
	VADDPD  Y2, Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JGE     four

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VADDSD X2, X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func subAVX(o, x, y *float64, n int): o[i] = x[i] SUB y[i]
TEXT ·subAVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $8, CX
	JLT  four

eight:
	VMOVUPD (SI), Y0
	VMOVUPD 32(SI), Y1
	VSUBPD  (DX), Y0, Y0
	VSUBPD  32(DX), Y1, Y1
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $8, CX
	JGE     eight

four:
	ADDQ    $4, CX
	JLT     rest
	VMOVUPD (SI), Y0
	VSUBPD  (DX), Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $4, CX

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VSUBSD (DX), X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DX
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func subScalarAVX(o, x *float64, y float64, n int): o[i] = x[i] SUB y
TEXT ·subScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSD y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $4, CX
	JLT          rest

four:
	VMOVUPD (SI), Y0
	VSUBPD  Y2, Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JGE     four

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VSUBSD X2, X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func mulAVX(o, x, y *float64, n int): o[i] = x[i] MUL y[i]
TEXT ·mulAVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $8, CX
	JLT  four

eight:
	VMOVUPD (SI), Y0
	VMOVUPD 32(SI), Y1
	VMULPD  (DX), Y0, Y0
	VMULPD  32(DX), Y1, Y1
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $8, CX
	JGE     eight

four:
	ADDQ    $4, CX
	JLT     rest
	VMOVUPD (SI), Y0
	VMULPD  (DX), Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $4, CX

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VMULSD (DX), X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DX
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func mulScalarAVX(o, x *float64, y float64, n int): o[i] = x[i] MUL y
TEXT ·mulScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSD y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $4, CX
	JLT          rest

four:
	VMOVUPD (SI), Y0
	VMULPD  Y2, Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JGE     four

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VMULSD X2, X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func divAVX(o, x, y *float64, n int): o[i] = x[i] DIV y[i]
TEXT ·divAVX(SB), NOSPLIT, $0-32
	MOVQ o+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SUBQ $8, CX
	JLT  four

eight:
	VMOVUPD (SI), Y0
	VMOVUPD 32(SI), Y1
	VDIVPD  (DX), Y0, Y0
	VDIVPD  32(DX), Y1, Y1
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DX
	ADDQ    $64, DI
	SUBQ    $8, CX
	JGE     eight

four:
	ADDQ    $4, CX
	JLT     rest
	VMOVUPD (SI), Y0
	VDIVPD  (DX), Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $4, CX

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VDIVSD (DX), X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DX
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func divScalarAVX(o, x *float64, y float64, n int): o[i] = x[i] DIV y
TEXT ·divScalarAVX(SB), NOSPLIT, $0-32
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	VBROADCASTSD y+16(FP), Y2
	MOVQ         n+24(FP), CX
	SUBQ         $4, CX
	JLT          rest

four:
	VMOVUPD (SI), Y0
	VDIVPD  Y2, Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JGE     four

rest:
	ADDQ $4, CX
	JZ   done

one:
	VMOVSD (SI), X0
	VDIVSD X2, X0, X0
	VMOVSD X0, (DI)
	ADDQ   $8, SI
	ADDQ   $8, DI
	DECQ   CX
	JNZ    one

done:
	VZEROUPPER
	RET

// func finiteAVX(x *float64, n int) bool: no NaN and no infinity among n, a multiple of 8
TEXT ·finiteAVX(SB), NOSPLIT, $0-17
	MOVQ   x+0(FP), SI
	MOVQ   n+8(FP), CX
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	VXORPD Y4, Y4, Y4

eight:
	SUBQ    $8, CX
	JLT     done
	VMOVUPD (SI), Y0
	VMOVUPD 32(SI), Y1
	VSUBPD  Y0, Y0, Y0
	VSUBPD  Y1, Y1, Y1
	VADDPD  Y0, Y2, Y2
	VADDPD  Y1, Y3, Y3
	ADDQ    $64, SI
	JMP     eight

done:
	VADDPD    Y3, Y2, Y2
	VCMPPD    $0, Y4, Y2, Y2 // equal to zero
	VMOVMSKPD Y2, AX
	CMPL      AX, $15
	SETEQ     ret+16(FP)
	VZEROUPPER
	RET

// func reluAVX(o, x *float64, n int): o[i] = max(x[i], 0), NaN passes, zeros are positive; n a multiple of 4
TEXT ·reluAVX(SB), NOSPLIT, $0-24
	MOVQ   o+0(FP), DI
	MOVQ   x+8(FP), SI
	MOVQ   n+16(FP), CX
	VXORPD Y2, Y2, Y2

four:
	SUBQ    $4, CX
	JLT     done
	VMOVUPD (SI), Y0
	VMAXPD  Y0, Y2, Y0 // the second operand where one is NaN
	VADDPD  Y2, Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	JMP     four

done:
	VZEROUPPER
	RET

// func expAVX2(o, x *float64, n int, table *uint64, k *[9]float64) int
// Returns how many of n, a multiple of 4, were done: it stops before a group with |x| >= 512 or NaN.
// k: 128/ln2, the rounding shift, -ln2/128 high and low, c2, c3, c4, c5, 512.
TEXT ·expAVX2(SB), NOSPLIT, $0-48
	MOVQ         o+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         table+24(FP), R8
	MOVQ         k+32(FP), R9
	XORQ         AX, AX
	VBROADCASTSD (R9), Y15     // 128/ln2
	VBROADCASTSD 8(R9), Y14    // shift
	VBROADCASTSD 16(R9), Y13   // high
	VBROADCASTSD 24(R9), Y12   // low
	VPCMPEQQ     Y11, Y11, Y11
	VPSRLQ       $57, Y11, Y10 // 127
	VPSRLQ       $1, Y11, Y11  // all but the sign

group:
	LEAQ         4(AX), BX
	CMPQ         BX, CX
	JGT          done
	VMOVUPD      (SI)(AX*8), Y0
	VANDPD       Y11, Y0, Y1
	VBROADCASTSD 64(R9), Y2
	VCMPPD       $1, Y2, Y1, Y2 // |x| < 512
	VMOVMSKPD    Y2, BX
	CMPL         BX, $15
	JNE          done
	VMULPD       Y15, Y0, Y1
	VADDPD       Y14, Y1, Y1 // ki in its low bits
	VSUBPD       Y14, Y1, Y2 // kd
	VMULPD       Y13, Y2, Y3
	VADDPD       Y3, Y0, Y3
	VMULPD       Y12, Y2, Y2
	VADDPD       Y2, Y3, Y2 // r
	VPAND        Y10, Y1, Y3
	VPADDQ       Y3, Y3, Y3 // 2 (ki mod 128)
	VPSLLQ       $45, Y1, Y1
	VPCMPEQQ     Y4, Y4, Y4
	VPXOR        Y5, Y5, Y5
	VGATHERQPD   Y4, (R8)(Y3*8), Y5 // tail
	VPCMPEQQ     Y4, Y4, Y4
	VPXOR        Y6, Y6, Y6
	VPGATHERQQ   Y4, 8(R8)(Y3*8), Y6
	VPADDQ       Y1, Y6, Y6 // scale
	VADDPD       Y2, Y5, Y5 // tail + r
	VMULPD       Y2, Y2, Y7 // r2
	VBROADCASTSD 40(R9), Y8
	VMULPD       Y8, Y2, Y8
	VBROADCASTSD 32(R9), Y9
	VADDPD       Y8, Y9, Y8
	VMULPD       Y7, Y8, Y8
	VADDPD       Y8, Y5, Y5 // + r2 (c2 + r c3)
	VBROADCASTSD 56(R9), Y8
	VMULPD       Y8, Y2, Y8
	VBROADCASTSD 48(R9), Y9
	VADDPD       Y8, Y9, Y8
	VMULPD       Y7, Y7, Y7
	VMULPD       Y8, Y7, Y8
	VADDPD       Y8, Y5, Y5
	VMULPD       Y6, Y5, Y5
	VADDPD       Y5, Y6, Y5
	VMOVUPD      Y5, (DI)(AX*8)
	ADDQ         $4, AX
	JMP          group

done:
	MOVQ AX, ret+40(FP)
	VZEROUPPER
	RET

// func avx2() bool
TEXT ·avx2(SB), NOSPLIT, $0-1
	MOVL $0, AX
	MOVL $0, CX
	CPUID
	CMPL AX, $7
	JLT  no
	MOVL $7, AX
	MOVL $0, CX
	CPUID
	ANDL $0x20, BX
	JZ   no
	MOVB $1, ret+0(FP)
	RET

no:
	MOVB $0, ret+0(FP)
	RET

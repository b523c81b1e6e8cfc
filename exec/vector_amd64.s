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

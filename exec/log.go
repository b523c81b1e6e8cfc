package exec

import "math"

// logTable holds, for j from 181 to 362, the logarithm of 256/j: a multiple of 2^-42 and what is left.
var logTable = [2 * (362 - 181 + 1)]float64{
	0x1.630030b3abp-2, -0x1.db623e731aep-45, 0x1.5d5bddf596p-2, -0x1.a0b2a08a465dcp-47,
	0x1.57bf753c8dp-2, 0x1.fadedee5d40efp-46, 0x1.522ae0738ap-2, 0x1.ebe708164c759p-45,
	0x1.4c9e09e173p-2, -0x1.e20891b0ad8a4p-45, 0x1.4718dc271cp-2, 0x1.06c18fb4c14c5p-44,
	0x1.419b423d5fp-2, -0x1.ce379226de3ecp-44, 0x1.3c25277333p-2, 0x1.83b54b606bd5cp-46,
	0x1.36b6776be1p-2, 0x1.16ecdb0f177c8p-46, 0x1.314f1e1d36p-2, -0x1.8e27ad3213cb8p-45,
	0x1.2bef07cdc9p-2, 0x1.a9cfa4a5004f4p-45, 0x1.269621134ep-2, -0x1.1b61f10522625p-44,
	0x1.214456d0ecp-2, -0x1.caf0428b728a3p-44, 0x1.1bf99635a7p-2, -0x1.1ac89575c2125p-44,
	0x1.16b5ccbadp-2, -0x1.23299042d74bfp-44, 0x1.1178e8227ep-2, 0x1.1ef78ce2d07f2p-44,
	0x1.0c42d67616p-2, 0x1.7188b163ceae9p-45, 0x1.07138604d6p-2, -0x1.e76324e912b17p-44,
	0x1.01eae5626cp-2, 0x1.a43dcfade85aep-44, 0x1.f991c6cb3cp-3, -0x1.90d04cd7cc834p-44,
	0x1.ef5ade4ddp-3, -0x1.a211565bb8e11p-51, 0x1.e530effe72p-3, -0x1.fdbdbb13f7c18p-44,
	0x1.db13db0d48p-3, 0x1.2806a847527e6p-44, 0x1.d1037f2656p-3, -0x1.84a7e75b6f6e4p-47,
	0x1.c6ffbc6fp-3, 0x1.ee138d3a69d43p-44, 0x1.bd087383bep-3, -0x1.d4bc4595412b6p-45,
	0x1.b31d8575bcp-3, 0x1.c794e562a63cbp-44, 0x1.a93ed3c8aep-3, -0x1.8724350562169p-45,
	0x1.9f6c40708ap-3, -0x1.337d94bcd3f43p-44, 0x1.95a5adcf7p-3, 0x1.7f22858a0ff6fp-47,
	0x1.8beafeb39p-3, -0x1.73d54aae92cd1p-47, 0x1.823c16551ap-3, 0x1.e0ddb9a631e83p-46,
	0x1.7898d85444p-3, 0x1.8e67be3dbaf3fp-44, 0x1.6f0128b756p-3, 0x1.577390d31ef0fp-44,
	0x1.6574ebe8c2p-3, -0x1.98c1d34f0f462p-44, 0x1.5bf406b544p-3, -0x1.27023eb68981cp-46,
	0x1.527e5e4a1cp-3, -0x1.4e60b8d4b411dp-44, 0x1.4913d8333cp-3, -0x1.53e43558124c4p-44,
	0x1.3fb45a5992p-3, 0x1.19713c0cae559p-44, 0x1.365fcb015ap-3, -0x1.fd3a0afb9691bp-44,
	0x1.2d1610c868p-3, 0x1.39d6ccb81b4a1p-47, 0x1.23d712a49cp-3, 0x1.00d238fd3df5cp-46,
	0x1.1aa2b7e24p-3, -0x1.1ac38dde3b366p-44, 0x1.1178e8227ep-3, 0x1.1ef78ce2d07f2p-45,
	0x1.08598b59e4p-3, -0x1.7e5dd7009902cp-45, 0x1.fe89139dbcp-4, 0x1.56594d82f7a82p-44,
	0x1.ec739830ap-4, 0x1.11fcba80cdd1p-44, 0x1.da72763844p-4, 0x1.a89401fa71733p-46,
	0x1.c885801bc4p-4, 0x1.646d1c65aacd3p-45, 0x1.b6ac88dad4p-4, 0x1.b1bdff50225c7p-44,
	0x1.a4e7640b1cp-4, -0x1.e42b6b94407c8p-47, 0x1.9335e5d594p-4, 0x1.3115c3abd47dap-45,
	0x1.8197e2f41p-4, -0x1.c0fe460d20041p-44, 0x1.700d30aeacp-4, 0x1.c1e8da99ded32p-49,
	0x1.5e95a4d978p-4, 0x1.1cb7ce1d17171p-44, 0x1.4d3115d208p-4, -0x1.53a2582f4e1efp-48,
	0x1.3bdf5a7d2p-4, -0x1.19bd0ad125895p-44, 0x1.2aa04a447p-4, 0x1.7a48ba8b1cb41p-44,
	0x1.1973bd1464p-4, 0x1.566d154f930b3p-44, 0x1.08598b59e4p-4, -0x1.7e5dd7009902cp-46,
	0x1.eea31c0068p-5, 0x1.c3dd83606d891p-44, 0x1.ccb73cddd8p-5, 0x1.965c36e09f5fep-44,
	0x1.aaef2d0fbp-5, 0x1.0fc1a353bb42ep-45, 0x1.894aa149f8p-5, 0x1.9a19a8be97661p-44,
	0x1.67c94f2d48p-5, 0x1.dac20827cca0cp-44, 0x1.466aed42ep-5, -0x1.c167375bdfd28p-45,
	0x1.252f32f8dp-5, 0x1.83e9ae021b67bp-45, 0x1.0415d89e78p-5, -0x1.dddc7f461c516p-44,
	0x1.c63d2ec15p-6, -0x1.5439ce030a687p-44, 0x1.8492528c9p-6, -0x1.aa0ba325a0c34p-45,
	0x1.432a92598p-6, 0x1.98139928637fep-47, 0x1.020565893000p-6, 0x1.611d27c8e8417p-44,
	0x1.82448a388p-7, 0x1.4554412c584ep-44, 0x1.010157588000p-7, 0x1.bce251998b506p-44,
	0x1.008055958000p-8, 0x1.166afcb31c67bp-45, 0, 0,
	-0x1.ff00aa2bp-9, -0x1.0bc04a086b56ap-45, -0x1.fe02a6b1p-8, -0x1.9e23f0dda40e4p-46,
	-0x1.7dc475f82p-7, 0x1.eb1245b5da1f5p-44, -0x1.fc0a8b0fcp-7, -0x1.f1e7cf6d3a69cp-50,
	-0x1.3cea44347p-6, 0x1.6a2c432d6a40bp-44, -0x1.7b91b07d6p-6, 0x1.3b955b602ace4p-44,
	-0x1.b9fc027bp-6, 0x1.b9a010ae6922ap-44, -0x1.f829b0e78p-6, -0x1.980267c7e09e4p-45,
	-0x1.1b0d98924p-5, 0x1.3401e9ae889bbp-44, -0x1.39e87b9fe8p-5, -0x1.eafd480ad9015p-44,
	-0x1.58a5bafc9p-5, 0x1.b2b739570ad39p-45, -0x1.77458f633p-5, 0x1.181dce586af09p-44,
	-0x1.95c830ec9p-5, 0x1.c148297c5feb8p-45, -0x1.b42dd71198p-5, 0x1.c827ae5d6704cp-46,
	-0x1.d276b8adbp-5, -0x1.6a423c78a64bp-46, -0x1.f0a30c0118p-5, 0x1.d599e83368e91p-45,
	-0x1.075983599000p-4, 0x1.b8ecfe4b59987p-44, -0x1.16536eea38p-4, 0x1.47c5e768fa309p-46,
	-0x1.253f62f0ap-4, -0x1.416f8fb69a701p-44, -0x1.341d7961bcp-4, -0x1.1d0929983761p-44,
	-0x1.42edcbea64p-4, -0x1.bc0eeea7c9acdp-46, -0x1.51b073f06p-4, -0x1.83f69278e686ap-44,
	-0x1.60658a9374p-4, -0x1.0c3b1dee9c4f8p-44, -0x1.6f0d28ae58p-4, 0x1.4b4641b664613p-44,
	-0x1.7da766d7bp-4, -0x1.2cc844480c89bp-44, -0x1.8c345d6318p-4, -0x1.b20f5acb42a66p-44,
	-0x1.9ab4246204p-4, 0x1.8a64826787061p-45, -0x1.a926d3a4acp-4, -0x1.563650bd22a9cp-44,
	-0x1.b78c82bb1p-4, 0x1.25ef7bc3987e7p-44, -0x1.c5e548f5bcp-4, -0x1.d0c57585fbe06p-46,
	-0x1.d4313d66ccp-4, 0x1.9454379135713p-45, -0x1.e27076e2bp-4, 0x1.a342c2af0003cp-45,
	-0x1.f0a30c0118p-4, 0x1.d599e83368e91p-44, -0x1.fec9131dcp-4, 0x1.54555d1ae6607p-44,
	-0x1.0671512ca6p-3, 0x1.a47579cdc0a3dp-45, -0x1.0d77e7cd08p-3, -0x1.cb2cd2ee2f482p-44,
	-0x1.147858467400p-3, -0x1.563451027c75p-46, -0x1.1b72ad52f6p-3, -0x1.e80a41811a396p-45,
	-0x1.2266f190a6p-3, 0x1.4d20ab840e7f6p-45, -0x1.29552f82p-3, 0x1.5b967f4471dfcp-44,
	-0x1.303d718e48p-3, 0x1.680b5ce3ecb05p-50, -0x1.371fc201e8p-3, -0x1.ee8779b2d8abcp-44,
	-0x1.3dfc2b0eccp-3, -0x1.8a72a62b8c13fp-45, -0x1.44d2b6ccb8p-3, 0x1.70cc16135783cp-46,
	-0x1.4ba36f39a6p-3, 0x1.4354bb3f219e5p-44, -0x1.526e5e3a1cp-3, 0x1.790ba37fc5238p-44,
	-0x1.59338d9982p-3, -0x1.0ba68b7555d4ap-48, -0x1.5ff3070a7ap-3, 0x1.8586f183bebf2p-44,
	-0x1.66acd4272ap-3, -0x1.aa1bdbfc6c785p-44, -0x1.6d60fe719ep-3, 0x1.bc6e557134767p-44,
	-0x1.740f8f5404p-3, 0x1.0b66c99018aa1p-44, -0x1.7ab890210ep-3, 0x1.bdb9072534a58p-45,
	-0x1.815c0a1436p-3, 0x1.02a52f9201ce8p-44, -0x1.87fa06520cp-3, -0x1.22120401202fcp-44,
	-0x1.8e928de886p-3, -0x1.a8154b13d72d5p-44, -0x1.9525a9cf46p-3, 0x1.297137d9f158fp-44,
	-0x1.9bb362e7ep-3, 0x1.1f2a8a1ce0ffcp-45, -0x1.a23bc1fe2cp-3, 0x1.539cd91dc9f0bp-44,
	-0x1.a8becfc882p-3, -0x1.e3185cf21b9cfp-44, -0x1.af3c94e80cp-3, 0x1.a4e633fcd9066p-52,
	-0x1.b5b519e8fcp-3, 0x1.4b722ec011f31p-44, -0x1.bc286742d8p-3, -0x1.9ac53f39d121cp-44,
	-0x1.c2968558c2p-3, 0x1.cfd73dee38a4p-45, -0x1.c8ff7c79aap-3, 0x1.7794f689f8434p-45,
	-0x1.cf6354e09cp-3, -0x1.771239a07d55bp-45, -0x1.d5c216b4fcp-3, 0x1.1ba91bbca681bp-45,
	-0x1.dc1bca0abep-3, -0x1.8fac1a628ccc6p-44, -0x1.e27076e2bp-3, 0x1.a342c2af0003cp-44,
	-0x1.e8c0252aa6p-3, 0x1.6805b80e8e6ffp-45, -0x1.ef0adcbdc6p-3, 0x1.b26b79c86af24p-45,
	-0x1.f550a564b8p-3, 0x1.323e3a09202fep-45, -0x1.fb9186d5e4p-3, 0x1.d572aab993c87p-47,
	-0x1.00e6c45ad5p-2, -0x1.cc68d52e01203p-50, -0x1.0402594b4dp-2, -0x1.036b89ef42d7fp-48,
	-0x1.071b85fcd6p-2, 0x1.bcb8ba3e01a11p-44, -0x1.0a324e2739p-2, -0x1.c6bee7ef4030ep-47,
	-0x1.0d46b579abp-2, -0x1.d2c81f640e1e6p-44, -0x1.1058bf9ae5p-2, 0x1.4ab9d817d52cdp-44,
	-0x1.136870293bp-2, 0x1.d3e8499d67123p-44, -0x1.1675cababap-2, -0x1.8380e731f55c4p-44,
	-0x1.1980d2dd42p-2, -0x1.b7b3a7a361c9ap-45, -0x1.1c898c169ap-2, 0x1.81410e5c62affp-44,
	-0x1.1f8ff9e48ap-2, -0x1.7946c040cbe77p-45, -0x1.22941fbcf8p-2, 0x1.a6976f5eb0963p-44,
	-0x1.2596010df7p-2, -0x1.8e7bc224ea3e3p-44, -0x1.2895a13de8p-2, -0x1.a8d7ad24c13fp-44,
	-0x1.2b9303ab8ap-2, 0x1.6db12d6bfb0a5p-45, -0x1.2e8e2bae12p-2, 0x1.67b1e99b72bd8p-45,
	-0x1.31871c9544p-2, -0x1.84fab94cecfd9p-46, -0x1.347dd9a988p-2, 0x1.5594dd4c58092p-45,
	-0x1.3772662bfep-2, 0x1.e9436ac53b023p-44, -0x1.3a64c55694p-2, -0x1.7a71cbcd735dp-44,
	-0x1.3d54fa5c1fp-2, -0x1.c3e1cd9a395e3p-44, -0x1.404308686ap-2, -0x1.f8ef43049f7d3p-44,
	-0x1.432ef2a04fp-2, 0x1.fb129931715adp-44, -0x1.4618bc21c6p-2, 0x1.3d82f484c84ccp-46,
	-0x1.490068040100p-2, 0x1.8bccffe1a0f8cp-44, -0x1.4be5f95778p-2, 0x1.d7c92cd9ad824p-44,
	-0x1.4ec97326p-2, -0x1.34d7aaf04d104p-45, -0x1.51aad872ep-2, 0x1.f4bd8db0a7cc1p-44,
	-0x1.548a2c3addp-2, -0x1.3167e63081cf7p-45, -0x1.576771745600p-2, 0x1.64ead9524d7cap-44,
	-0x1.5a42ab0f4dp-2, 0x1.e63af2df7ba69p-50, -0x1.5d1bdbf581p-2, 0x1.8d6bdc9c7c238p-44,
	-0x1.5ff3070a79p-2, -0x1.e9e439f105039p-45, -0x1.62c82f2b9cp-2, -0x1.e54bdbd7c8a98p-44,
}

// log is the natural logarithm within 0.505 ulp, as near as the C library's, which package math's is not: there
// log(3) + log(1/3) is not 0.
func log(x float64) float64 {
	switch {
	case x == 1:
		return 0
	case x > math.MaxFloat64 || x != x:
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	w, wlo, r := logReduced(x)
	hi := w + r
	r2 := r * r
	p := float64(r*(1./3+float64(r*(-1./4+float64(r*(1./5+float64(r*(-1./6+float64(r*(1./7)))))))))) - 0.5
	lo := w - hi + r + wlo
	return hi + (lo + float64(r2*p))
}

// logReduced gives the logarithm of a positive number as w + wlo + log(1+r). With m·2^k = x and j/256 next to 1/m,
// r = m·j/256 - 1 is exact and below 2^-8; w is exact.
func logReduced(x float64) (w, wlo, r float64) {
	k := 0
	if x < 0x1p-1022 {
		x, k = x*0x1p54, -54
	}
	b := math.Float64bits(x)
	k += int(b>>52) - 1023
	m := math.Float64frombits(b&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m, k = m/2, k+1
	}
	j := math.Floor(256/m + 0.5)
	i := 2 * (int(j) - 181)
	const ln2Hi, ln2Lo = 0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45
	return float64(float64(k)*ln2Hi) + logTable[i], float64(float64(k)*ln2Lo) + logTable[i+1], math.FMA(m, j/256, -1)
}

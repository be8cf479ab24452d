// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{sAR has no sub-opcode 'plus'}}
isa.sar plus <cmd_id = 1>

// -----

// expected-error @+1 {{sAR has no field 'res0'}}
isa.sar add <res0 = 1>

// -----

// expected-error @+1 {{the value does not fit res0_n of 16 bits}}
isa.sar add <res0_n = 65536>

// -----

// expected-error @+1 {{the value does not fit res0_n of 16 bits}}
isa.sar add <res0_n = -1>

// -----

// expected-error @+1 {{the value does not fit cmd_special_function of 3 bits}}
isa.dma_tensor 8

// -----

// expected-error @+1 {{expected a number}}
isa.sar add <res0_n = x>

// -----

// expected-error @+1 {{sAR.add cmd_id 1: res0_n = 0: a size is 1 to 65535}}
isa.sar add <cmd_id = 1>

// -----

// expected-error @+1 {{sAR.add cmd_id 1: opd1_addr = 0x4004: an EU-aligned tensor starts at a multiple of 64 bytes}}
isa.sar add <cmd_id = 1, res0_prec = 2, opd0_prec = 2, opd1_prec = 2,
             res0_n = 1, res0_c = 3, res0_h = 4, res0_w = 20,
             opd1_addr = 0x4004>

// -----

// A number that no sub-opcode has.
// expected-error @+1 {{sSFU.16 cmd_id 1: tsk_eu_typ = 16: no such sub-opcode}}
isa.ssfu 16 <cmd_id = 1>

// -----

// Opcode 11 is no TIU instruction.
// expected-error @+1 {{tsk_typ = 11: contradicts the instruction's format}}
isa.tiu_long 0 <cmd_id = 1, tsk_typ = 11>

// -----

// expected-error @+1 {{f32 is multiplied by MM}}
"isa.smm2"() <{tsk_eu_typ = 4, opd0_prec = 2, res0_prec = 2, res0_c = 1,
               res0_w = 1, opd1_c = 1, opd1_w = 1}> : () -> ()

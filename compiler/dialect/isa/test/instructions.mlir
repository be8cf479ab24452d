// RUN: tpuc-opt %s | FileCheck %s
// RUN: tpuc-opt %s | tpuc-opt | FileCheck %s
// RUN: tpuc-opt %s -mlir-print-op-generic | tpuc-opt | FileCheck %s

// Usual values are left out, the rest comes in table order; addresses and masks
// are hexadecimal.
// CHECK: isa.dma_tensor copy <stride_enable = 1, nchw_copy = 1, cmd_id = 1, src_data_format = 2,
// CHECK-SAME: src_start_addr_h8 = 1, dst_start_addr_l32 = 0x8000000>
isa.dma_tensor copy <cmd_id = 1, stride_enable = 1, nchw_copy = 1,
                     src_data_format = 2, src_nstride = 240, src_cstride = 80,
                     src_hstride = 20, src_wstride = 1, dst_nstride = 80,
                     dst_cstride = 80, dst_hstride = 20, dst_wstride = 1,
                     src_nsize = 1, src_csize = 3, src_hsize = 4,
                     src_wsize = 20, src_start_addr_h8 = 1,
                     dst_start_addr_l32 = 134217728,
                     localmem_mask_l32 = 0xffffffff>

// CHECK: isa.sar add <cmd_id = 1, cmd_id_dep = 2, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2,
// CHECK-SAME: res0_addr = 0x18000, opd1_addr = 0x8000>
isa.sar add <cmd_id = 1, cmd_id_dep = 2, tsk_opd_num = 2, res0_prec = 2,
             opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 3, res0_h = 4,
             res0_w = 20, res0_addr = 0x18000, opd1_addr = 0x8000>

// A sub-opcode may be given by number; it prints by name.
// CHECK: isa.sar max <cmd_id = 2, opd1_const = 1,
isa.sar 4 <cmd_id = 2, opd1_const = 1, res0_prec = 2, opd0_prec = 2,
           opd1_prec = 2, res0_n = 1, res0_c = 3, res0_h = 4, res0_w = 20>

// The long TIU forms share an operation; opcode 3 is AR.
// CHECK: isa.tiu_long 2 <cmd_id = 3, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, tsk_lane_num = 0xFF, res0_n = 1,
isa.tiu_long 2 <cmd_id = 3, res0_prec = 2, opd0_prec = 2, opd1_prec = 2,
                tsk_lane_num = 0xff, res0_n = 1, res0_c = 3, res0_h = 4,
                res0_w = 20>

// Discardable attributes follow the fields.
// CHECK: isa.sysid end <cmd_id = 4, cmd_id_en = 0> {note = "last"}
isa.sysid end <cmd_id = 4, cmd_id_en = 0> {note = "last"}
// CHECK: isa.sdma_sys end <cmd_id = 2>
isa.sdma_sys end <cmd_id = 2>

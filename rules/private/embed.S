/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of TPUC_FILE from TPUC_SYMBOL to TPUC_SYMBOL_END, read-only, on a
   page of their own. */
  .section .rodata.tpuc_bmodel, "a", %progbits
  .balign 4096
  .globl TPUC_SYMBOL
  .type TPUC_SYMBOL, %object
TPUC_SYMBOL:
  .incbin TPUC_FILE
  .globl TPUC_SYMBOL_END
  .type TPUC_SYMBOL_END, %object
TPUC_SYMBOL_END:
  .byte 0
  .size TPUC_SYMBOL, TPUC_SYMBOL_END - TPUC_SYMBOL
  .section .note.GNU-stack, "", %progbits

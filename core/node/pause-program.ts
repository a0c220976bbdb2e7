/**
 * The program that holds a Pod's namespaces, as machine code: a whole static executable of some 200 bytes, so that no
 * compiler and no registry is needed. It blocks SIGINT, SIGTERM and SIGCHLD, then waits for them by rt_sigtimedwait:
 * a blocked signal reaches PID 1 too, which has no default actions. SIGCHLD: it reaps what has died (it is everybody's
 * parent where a Pod shares its processes). SIGINT, SIGTERM: it exits with 0.
 */

export type Architecture = 'amd64' | 'arm64'

const codeAmd64 = [
  '68 02 40 01 00', //        push 0x14002        the set of signals: bits 1 (INT), 14 (TERM), 16 (CHLD), at [rsp]
  '31 ff', //                 xor edi, edi        SIG_BLOCK
  '48 89 e6', //              mov rsi, rsp        the set
  '31 d2', //                 xor edx, edx        the old set is not wanted
  '6a 08 41 5a', //           push 8; pop r10     its size in bytes
  '6a 0e 58', //              push 14; pop rax    rt_sigprocmask
  '0f 05', //                 syscall
  '48 89 e7', //        wait: mov rdi, rsp        the set
  '31 f6', //                 xor esi, esi        nothing about the sender
  '31 d2', //                 xor edx, edx        no time limit
  '6a 08 41 5a', //           push 8; pop r10
  'b8 80 00 00 00', //        mov eax, 128        rt_sigtimedwait
  '0f 05', //                 syscall             gives the signal's number
  '83 f8 11', //              cmp eax, 17         SIGCHLD?
  '74 0d', //                 je reap
  '85 c0', //                 test eax, eax
  '78 e5', //                 js wait             interrupted
  '31 ff', //                 xor edi, edi        code 0
  'b8 e7 00 00 00', //        mov eax, 231        exit_group
  '0f 05', //                 syscall
  '48 83 cf ff', //     reap: or rdi, -1          any child
  '31 f6', //                 xor esi, esi        its status is not wanted
  '6a 01 5a', //              push 1; pop rdx     WNOHANG
  '45 31 d2', //              xor r10d, r10d      nor what it used
  '6a 3d 58', //              push 61; pop rax    wait4
  '0f 05', //                 syscall             gives the child, or 0 or an error when there is no more
  '85 c0', //                 test eax, eax
  '7f eb', //                 jg reap
  'eb c5', //                 jmp wait
]

/** The same in the same order; each line one little-endian word. */
const codeArm64 = [
  '49 00 88 d2', //           mov x9, #0x4002
  '29 00 a0 f2', //           movk x9, #1, lsl #16
  'e9 0f 1f f8', //           str x9, [sp, #-16]!
  '00 00 80 d2', //           mov x0, #0          SIG_BLOCK
  'e1 03 00 91', //           mov x1, sp
  '02 00 80 d2', //           mov x2, #0
  '03 01 80 d2', //           mov x3, #8
  'e8 10 80 d2', //           mov x8, #135        rt_sigprocmask
  '01 00 00 d4', //           svc #0
  'e0 03 00 91', //     wait: mov x0, sp
  '01 00 80 d2', //           mov x1, #0
  '02 00 80 d2', //           mov x2, #0
  '03 01 80 d2', //           mov x3, #8
  '28 11 80 d2', //           mov x8, #137        rt_sigtimedwait
  '01 00 00 d4', //           svc #0
  '1f 44 00 71', //           cmp w0, #17
  'a0 00 00 54', //           b.eq reap
  '00 ff ff 37', //           tbnz w0, #31, wait
  '00 00 80 d2', //           mov x0, #0
  'c8 0b 80 d2', //           mov x8, #94         exit_group
  '01 00 00 d4', //           svc #0
  '00 00 80 92', //     reap: mov x0, #-1
  '01 00 80 d2', //           mov x1, #0
  '22 00 80 d2', //           mov x2, #1
  '03 00 80 d2', //           mov x3, #0
  '88 20 80 d2', //           mov x8, #260        wait4
  '01 00 00 d4', //           svc #0
  '1f 00 00 71', //           cmp w0, #0
  '2c ff ff 54', //           b.gt reap
  'ec ff ff 17', //           b wait
]

const machines = { amd64: { number: 62, code: codeAmd64 }, arm64: { number: 183, code: codeArm64 } } as const
const [headerSize, programHeaderSize] = [64, 56]
const loadAddress = 0x40_0000n

/** An ELF file for Linux: file header, one program header that maps the whole file, and the code. */
export function pauseProgram(architecture: Architecture): Buffer {
  const { number, code } = machines[architecture]
  const text = Buffer.from(code.join('').replaceAll(' ', ''), 'hex')
  const textOffset = headerSize + programHeaderSize
  const file = Buffer.alloc(textOffset + text.length)
  file.write('\x7fELF', 0, 'latin1')
  file.set([2, 1, 1], 4) // 64 bits, little-endian, version 1
  file.writeUInt16LE(2, 16) // an executable
  file.writeUInt16LE(number, 18) // for this machine
  file.writeUInt32LE(1, 20) // version
  file.writeBigUInt64LE(loadAddress + BigInt(textOffset), 24) // where it starts
  file.writeBigUInt64LE(BigInt(headerSize), 32) // where the program headers are
  file.writeUInt16LE(headerSize, 52)
  file.writeUInt16LE(programHeaderSize, 54)
  file.writeUInt16LE(1, 56) // one of them
  file.writeUInt16LE(64, 58) // the size that a section header would have; there are none
  file.writeUInt32LE(1, headerSize) // PT_LOAD
  file.writeUInt32LE(5, headerSize + 4) // readable, executable
  file.writeBigUInt64LE(loadAddress, headerSize + 16) // virtual address
  file.writeBigUInt64LE(loadAddress, headerSize + 24) // physical address
  file.writeBigUInt64LE(BigInt(file.length), headerSize + 32) // size in the file
  file.writeBigUInt64LE(BigInt(file.length), headerSize + 40) // size in memory
  file.writeBigUInt64LE(0x1_0000n, headerSize + 48) // alignment: the largest page of arm64
  file.set(text, textOffset)
  return file
}

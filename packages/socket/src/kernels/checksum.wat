;; The sum of the little-endian 16-bit words in the bytes [$at, $end) of the memory, for the Internet
;; checksum (RFC 1071); an odd last byte counts as a low octet. The sum of at most 128 KiB fits in 32 bits.
;;
;; `npm run kernels` makes checksum-wasm.ts of this; a test compares. See scripts/assemble-wat.ts for what it understands.
(module
  (import "arena" "memory" (memory 1))
  (func (export "sum") (param $at i32) (param $end i32) (result i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $sum i32)

    ;; 64 bytes a turn: four loads, whose words are added in pairs into four 32-bit lanes each.
    block $done
      loop $next
        local.get $end
        local.get $at
        i32.sub
        i32.const 64
        i32.lt_u
        br_if $done
        local.get $a
        local.get $at
        v128.load offset=0
        i32x4.extadd_pairwise_i16x8_u
        i32x4.add
        local.set $a
        local.get $b
        local.get $at
        v128.load offset=16
        i32x4.extadd_pairwise_i16x8_u
        i32x4.add
        local.set $b
        local.get $c
        local.get $at
        v128.load offset=32
        i32x4.extadd_pairwise_i16x8_u
        i32x4.add
        local.set $c
        local.get $d
        local.get $at
        v128.load offset=48
        i32x4.extadd_pairwise_i16x8_u
        i32x4.add
        local.set $d
        local.get $at
        i32.const 64
        i32.add
        local.set $at
        br $next
      end
    end

    ;; 16 bytes a turn.
    block $done
      loop $next
        local.get $end
        local.get $at
        i32.sub
        i32.const 16
        i32.lt_u
        br_if $done
        local.get $a
        local.get $at
        v128.load offset=0
        i32x4.extadd_pairwise_i16x8_u
        i32x4.add
        local.set $a
        local.get $at
        i32.const 16
        i32.add
        local.set $at
        br $next
      end
    end

    ;; All lanes into one number.
    local.get $a
    local.get $b
    i32x4.add
    local.get $c
    i32x4.add
    local.get $d
    i32x4.add
    local.set $a
    local.get $a
    i32x4.extract_lane 0
    local.get $a
    i32x4.extract_lane 1
    i32.add
    local.get $a
    i32x4.extract_lane 2
    i32.add
    local.get $a
    i32x4.extract_lane 3
    i32.add
    local.set $sum

    ;; Two bytes a turn.
    block $done
      loop $next
        local.get $end
        local.get $at
        i32.sub
        i32.const 2
        i32.lt_u
        br_if $done
        local.get $sum
        local.get $at
        i32.load16_u offset=0
        i32.add
        local.set $sum
        local.get $at
        i32.const 2
        i32.add
        local.set $at
        br $next
      end
    end

    ;; The odd last byte.
    local.get $at
    local.get $end
    i32.lt_u
    if
      local.get $sum
      local.get $at
      i32.load8_u offset=0
      i32.add
      local.set $sum
    end

    ;; 2^16 counts as 1.
    local.get $sum
    i32.const 65535
    i32.and
    local.get $sum
    i32.const 16
    i32.shr_u
    i32.add
  )
)

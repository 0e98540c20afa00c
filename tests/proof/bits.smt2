; SPDX-License-Identifier: GPL-2.0-or-later
; The axioms on bits of environment.h, of words of 64 bits: none of them has a case against it.
(set-logic QF_BV)
(define-sort word () (_ BitVec 64))
(declare-const w word)
(declare-const f word)
(declare-const t word)
(declare-const p word)
(declare-const e word)
(declare-const a word)
(declare-const b word)
(define-fun bit ((n word)) word (bvshl (_ bv1 64) n))
(define-fun count () word #x00000000ffffffff)
(define-fun pinned () word (bit (_ bv35 64)))
(define-fun valid () word (bit (_ bv36 64)))
(define-fun partial () word (bit (_ bv37 64)))
(define-fun failed () word (bit (_ bv38 64)))
(define-fun limit () word (bit (_ bv40 64)))
(define-fun word_of ((flags word) (type word) (progress word)) word
	(bvor flags (bvshl type (_ bv32 64)) (bvshl progress (_ bv40 64))))
(define-fun type_in ((x word)) word (bvand (bvlshr x (_ bv32 64)) (_ bv7 64)))
(define-fun progress_in ((x word)) word (bvlshr x (_ bv40 64)))
(define-fun count_in ((x word)) word (bvand x count))
(define-fun kept ((x word)) word (bvand x (bvor count pinned)))
(define-fun in_order ((x word)) Bool
	(and (bvule (progress_in x) (_ bv512 64)) (bvule (count_in x) (_ bv1 64))))
(define-fun fields () Bool (and (bvule t (_ bv7 64)) (bvule p (_ bv512 64))))
(define-fun turned () word (word_of (kept w) t p))
(define-fun user () word (_ bv4 64))
(define-fun address () word #x000ffffffffff000)

(assert (not (and
	; user_aside, flags_fit, either_way
	(= (bvand (bvor e user) address) (bvand e address))
	(=> (and (bvule a (_ bv255 64)) (bvule b (_ bv255 64))) (bvule (bvor a b) (_ bv255 64)))
	(= (bvor a b) (bvor b a))
	; in_use
	(=> (not (= (bvand w (bvor (bit (_ bv39 64)) valid partial)) (_ bv0 64)))
		(or (not (= (bvand w (bit (_ bv39 64))) (_ bv0 64)))
			(not (= (bvand w valid) (_ bv0 64)))
			(not (= (bvand w partial) (_ bv0 64)))))
	; nothing, progress_quotient, progress_fits
	(in_order (_ bv0 64))
	(= (count_in (_ bv0 64)) (_ bv0 64))
	(= (kept (_ bv0 64)) (_ bv0 64))
	(= (progress_in w) (bvudiv w limit))
	(bvule (progress_in w) (_ bv16777215 64))
	; partial_bound, failed_bound, valid_bound
	(bvult (bvor (kept w) partial) limit)
	(=> (or (= f (_ bv0 64)) (= f failed)) (bvult (bvor (kept w) partial f) limit))
	(bvult (bvor (bvadd (kept w) (_ bv1 64)) valid) limit)
	; turned_...
	(=> (and fields (bvule (count_in w) (_ bv1 64))) (in_order turned))
	(=> fields (= (type_in turned) t))
	(=> fields (= (progress_in turned) p))
	(=> fields (= (kept turned) (kept w)))
	(=> fields (= (count_in turned) (count_in w)))
	(=> fields (= (bvand turned valid) (_ bv0 64))))))
(check-sat)

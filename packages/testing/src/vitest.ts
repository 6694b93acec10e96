/** Tests of Understudy programs. */
export {}

;; The import under another type is not provided.
;;
;; run: --invoke run
;; err: host_http_request
;; status: 1
(module
  (import "host" "host_http_request" (func $request (param i32 i32 i32) (result i64)))
  (func (export "run")))

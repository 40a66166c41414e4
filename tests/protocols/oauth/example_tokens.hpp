/// The keys and tokens of RFC 7515, appendices A.2 and A.3, and keys that are not taken.
#pragma once

#include <string>

namespace rookery::oauth {

inline constexpr const char* example_rsa_key = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
oQIDAQAB
-----END PUBLIC KEY-----
)";
inline constexpr const char* example_ec_key = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END PUBLIC KEY-----
)";
inline constexpr const char* rsa_key_of_1024_bits = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC6sDMfM8PYW42icd7ITms4p+Zk
Z11C0n69TlRZYhLPD2UcCkLq0rW5ZmQy9ESaO4FfvYpofOJW0o/9qbeE7ilaFhR/
v7rn3YLBmvySkXcSkbjBZ9wGuSI03CZSqHwUTs7rD4G174ujo4tClTbFoTGPJ1id
Hcu4i50FStq8WReYKwIDAQAB
-----END PUBLIC KEY-----
)";
inline constexpr const char* p384_key = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEkGxpl41nzkn4QsE9R+xYWabb/MqINx6a
85GscfzfWBRu5sx3CySWO87dnLHmj1IjadP8ULH21CE4hWDTinIxU5lzESWDoK+F
XZZaZIAtmyrqnuhTrFvqJV8EX+p4I4oF
-----END PUBLIC KEY-----
)";

/// {"iss":"joe","exp":1300819380,"http://example.com/is_root":true}
inline const std::string example_claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
inline const std::string example_rs256 = "eyJhbGciOiJSUzI1NiJ9." + example_claims +
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
    "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x"
    "i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy"
    "pGlUPQGe77Rw";
inline const std::string example_es256 = "eyJhbGciOiJFUzI1NiJ9." + example_claims +
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

} // namespace rookery::oauth

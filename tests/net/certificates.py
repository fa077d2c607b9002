"""X.509 certificates, written as DER by hand so that wrong ones can be made too; `openssl` makes the
keys and the signatures."""
import base64
import os
import subprocess
import time

DAY = 24 * 3600


def tlv(tag, *content):
    body = b"".join(content)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*content):
    return tlv(0x30, *content)


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = [40 * first + second]
    for number in rest:
        part = [number & 127]
        while number > 127:
            number >>= 7
            part.insert(0, 128 | number & 127)
        out += part
    return tlv(6, bytes(out))


def integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def name(common):
    if common is None:
        return seq()
    return seq(tlv(0x31, seq(oid("2.5.4.3"), tlv(12, common.encode()))))


def moment(seconds):
    at = time.gmtime(seconds)
    if at.tm_year < 2050:
        return tlv(0x17, time.strftime("%y%m%d%H%M%SZ", at).encode())
    return tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", at).encode())


def extension(number, value, critical=False):
    return seq(oid(number), tlv(1, b"\xff") if critical else b"", tlv(4, value))


def basic(ca, pathlen=None):
    content = (tlv(1, b"\xff") if ca else b"") + (b"" if pathlen is None else integer(pathlen))
    return extension("2.5.29.19", seq(content), critical=True)


def usage(bits):
    """keyUsage from its one byte: 0x80 digitalSignature, 0x20 keyEncipherment, 4 keyCertSign."""
    return extension("2.5.29.15", tlv(3, b"\0" + bytes([bits])), critical=True)


def purpose(*numbers):
    return extension("2.5.29.37", seq(*map(oid, numbers)))


def names(*items, critical=False):
    """subjectAltName; text is a DNS name, bytes an address."""
    content = [tlv(0x87, i) if isinstance(i, bytes) else tlv(0x82, i.encode("latin-1"))
               for i in items]
    return extension("2.5.29.17", seq(*content), critical)


CA = [basic(True), usage(4 | 2)]
SERVER = [basic(False), usage(0x80), purpose("1.3.6.1.5.5.7.3.1")]


def run(*command, data=None):
    return subprocess.run(["openssl", *command], input=data, capture_output=True,
                          check=True).stdout


class Key:
    def __init__(self, folder, kind):
        self.path = os.path.join(folder, kind.replace(":", "-").replace("/", "-") + ".key")
        algorithm, _, parameter = kind.split("/")[0].partition(":")
        option = "rsa_keygen_bits:" if algorithm == "RSA" else "ec_paramgen_curve:"
        self.rsa = algorithm == "RSA"
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        if not os.path.exists(self.path):
            large = self.rsa and int(parameter) > 2048  # more primes: the same, but sooner made
            more = ["-pkeyopt", "rsa_keygen_primes:4"] if large else []
            run("genpkey", "-algorithm", algorithm, "-pkeyopt", option + parameter, *more, "-out",
                self.path)
        self.public = run("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    def sign(self, data, digest):
        return run("dgst", "-" + digest, "-sign", self.path, data=data)

    def algorithm(self, digest):
        if self.rsa:
            last = {"md5": 4, "sha1": 5, "sha256": 11, "sha384": 12, "sha512": 13}[digest]
            return seq(oid("1.2.840.113549.1.1.%d" % last), tlv(5))
        last = {"sha256": 2, "sha384": 3, "sha512": 4}[digest]
        return seq(oid("1.2.840.10045.4.3.%d" % last))


class Authority:
    """Keys of each kind, made once in `folder`, and certificates signed with them."""

    def __init__(self, folder):
        self.folder = folder
        self.serial = int(time.time())
        self.keys = {}

    def key(self, kind):
        """RSA:2048, EC:P-256; "/x" behind it makes another of the same kind."""
        if kind not in self.keys:
            self.keys[kind] = Key(self.folder, kind)
        return self.keys[kind]

    def make(self, subject, issuer, key, signer, extensions, *, digest="sha256", begin=-DAY,
             end=90 * DAY, damage=None):
        """The DER of a certificate. `damage` changes the signature's bytes."""
        now = time.time()
        self.serial += 1
        key, signer = self.key(key), self.key(signer)
        body = seq(tlv(0xA0, integer(2)), integer(self.serial), signer.algorithm(digest),
                   name(issuer), seq(moment(now + begin), moment(now + end)), name(subject),
                   key.public, tlv(0xA3, seq(*extensions)))
        signature = signer.sign(body, digest)
        if damage:
            signature = damage(signature)
        return seq(body, signer.algorithm(digest), tlv(3, b"\0" + signature))



def pem(certificates):
    lines = []
    for certificate in certificates:
        lines += ["-----BEGIN CERTIFICATE-----", base64.encodebytes(certificate).decode().strip(),
                  "-----END CERTIFICATE-----"]
    return "\n".join(lines) + "\n"

using System.Numerics;
using System.Security.Cryptography;

namespace IntegrationHub.Webhooks;

/// <summary>
/// Verification of Ed25519 signatures (RFC 8032 §5.1.7), which the framework lacks. Only public values are handled, so nothing needs to be constant-time.
/// Immutable and thread-safe.
/// </summary>
internal sealed class Ed25519
{
    private const int KeySize = 32;
    private const int SignatureSize = 64;

    private static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly FieldElement D = FieldElement.From(-121665) * Inverse(FieldElement.From(121666));
    private static readonly FieldElement D2 = D + D;
    private static readonly FieldElement RootOfMinusOne = FieldElement.From(2).Power((FieldElement.Prime - 1) / 4);
    private static readonly BigInteger RootExponent = (FieldElement.Prime - 5) / 8;
    private static readonly Point Base = Decode(Encode((FieldElement.From(4) * Inverse(FieldElement.From(5))).ToInteger(), odd: false))!.Value;

    private readonly byte[] publicKey;
    private readonly Point negated;

    private Ed25519(byte[] publicKey, Point point)
    {
        this.publicKey = publicKey;
        negated = point.Negate();
    }

    /// <summary>Reads a public key of 32 bytes; <see langword="null"/> when it is no point of the curve.</summary>
    public static Ed25519? Import(byte[] publicKey) => publicKey.Length == KeySize && Decode(publicKey) is { } point ? new Ed25519(publicKey, point) : null;

    /// <summary>Decides whether a signature is the key owner's over the data.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
            return false;

        var s = new BigInteger(signature[KeySize..], isUnsigned: true);
        if (s >= Order)
            return false; // otherwise a second signature could be made from the first

        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        sha.AppendData(signature[..KeySize]);
        sha.AppendData(publicKey);
        sha.AppendData(data);
        var k = new BigInteger(sha.GetHashAndReset(), isUnsigned: true) % Order;

        // R = S·B - k·A, both products at once.
        var both = Base.Add(negated);
        var sum = Point.Identity;
        Span<byte> kBytes = stackalloc byte[KeySize];
        kBytes.Clear();
        k.TryWriteBytes(kBytes, out _, isUnsigned: true);
        for (var bit = 252; bit >= 0; bit--)
        {
            sum = sum.Double();
            sum = (FieldElement.Bit(signature[KeySize..], bit), FieldElement.Bit(kBytes, bit)) switch
            {
                (true, true) => sum.Add(both),
                (true, false) => sum.Add(Base),
                (false, true) => sum.Add(negated),
                _ => sum,
            };
        }

        var inverse = Inverse(sum.Z);
        var x = (sum.X * inverse).ToInteger();
        var y = (sum.Y * inverse).ToInteger();
        return CryptographicOperations.FixedTimeEquals(Encode(y, !x.IsEven), signature[..KeySize]);
    }

    private static FieldElement Inverse(in FieldElement value) => value.Power(FieldElement.Prime - 2);

    private static byte[] Encode(BigInteger y, bool odd)
    {
        var bytes = new byte[KeySize];
        y.TryWriteBytes(bytes, out _, isUnsigned: true);
        bytes[KeySize - 1] |= (byte)(odd ? 0x80 : 0);
        return bytes;
    }

    /// <summary>RFC 8032 §5.1.3.</summary>
    private static Point? Decode(ReadOnlySpan<byte> bytes)
    {
        var odd = (bytes[KeySize - 1] & 0x80) != 0;
        var y = FieldElement.From(bytes);
        if (new BigInteger(bytes, isUnsigned: true) - (odd ? BigInteger.Pow(2, 255) : 0) >= FieldElement.Prime)
            return null;

        var y2 = y * y;
        var u = y2 - FieldElement.One;
        var v = (D * y2) + FieldElement.One;
        var v3 = v * v * v;
        var x = u * v3 * (u * v3 * v3 * v).Power(RootExponent);
        var vx2 = v * x * x;
        if (!vx2.Equals(u))
        {
            if (!vx2.Equals(-u))
                return null;
            x *= RootOfMinusOne;
        }

        var value = x.ToInteger();
        if (value.IsZero && odd)
            return null;
        if (value.IsEven == odd)
            x = -x;

        return new Point(x, y, FieldElement.One, x * y);
    }

    /// <summary>A point in extended coordinates (RFC 8032 §5.1.4).</summary>
    private readonly record struct Point(FieldElement X, FieldElement Y, FieldElement Z, FieldElement T)
    {
        public static Point Identity => new(FieldElement.Zero, FieldElement.One, FieldElement.One, FieldElement.Zero);

        public Point Negate() => new(-X, Y, Z, -T);

        public Point Add(in Point other)
        {
            var a = (Y - X) * (other.Y - other.X);
            var b = (Y + X) * (other.Y + other.X);
            var c = T * D2 * other.T;
            var d = Z * other.Z;
            d += d;
            var (e, f, g, h) = (b - a, d - c, d + c, b + a);
            return new Point(e * f, g * h, f * g, e * h);
        }

        public Point Double()
        {
            var a = X * X;
            var b = Y * Y;
            var c = Z * Z;
            c += c;
            var h = a + b;
            var sum = X + Y;
            var e = h - (sum * sum);
            var g = a - b;
            var f = c + g;
            return new Point(e * f, g * h, f * g, e * h);
        }
    }
}

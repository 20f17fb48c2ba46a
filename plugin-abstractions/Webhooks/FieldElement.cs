using System.Buffers.Binary;
using System.Numerics;

namespace IntegrationHub.Webhooks;

/// <summary>An integer modulo 2^255 - 19 in five limbs of 51 bits. For verification only: nothing here is constant-time, and nothing here is secret.</summary>
internal readonly struct FieldElement
{
    private const ulong Mask = (1UL << 51) - 1;

    private readonly ulong a0;
    private readonly ulong a1;
    private readonly ulong a2;
    private readonly ulong a3;
    private readonly ulong a4;

    /// <summary>Takes limbs of up to 63 bits and carries once, which leaves them below 2^51 + 2^17.</summary>
    private FieldElement(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
    {
        l1 += l0 >> 51;
        l2 += l1 >> 51;
        l3 += l2 >> 51;
        l4 += l3 >> 51;
        a0 = (l0 & Mask) + (19 * (l4 >> 51));
        a1 = l1 & Mask;
        a2 = l2 & Mask;
        a3 = l3 & Mask;
        a4 = l4 & Mask;
    }

    public static BigInteger Prime { get; } = BigInteger.Pow(2, 255) - 19;

    public static FieldElement Zero => default;

    public static FieldElement One { get; } = new(1, 0, 0, 0, 0);

    public static FieldElement operator +(in FieldElement f, in FieldElement g) => new(f.a0 + g.a0, f.a1 + g.a1, f.a2 + g.a2, f.a3 + g.a3, f.a4 + g.a4);

    /// <summary>Adds four times the prime first, so that no limb falls below zero.</summary>
    public static FieldElement operator -(in FieldElement f, in FieldElement g) => new(
        f.a0 + (4 * (Mask - 18)) - g.a0, f.a1 + (4 * Mask) - g.a1, f.a2 + (4 * Mask) - g.a2, f.a3 + (4 * Mask) - g.a3, f.a4 + (4 * Mask) - g.a4);

    public static FieldElement operator -(in FieldElement f) => Zero - f;

    public static FieldElement operator *(in FieldElement f, in FieldElement g)
    {
        // 2^255 = 19: what overflows the fifth limb comes back nineteenfold at the first.
        var (h1, h2, h3, h4) = (19 * g.a1, 19 * g.a2, 19 * g.a3, 19 * g.a4);
        var r0 = Product(f.a0, g.a0) + Product(f.a1, h4) + Product(f.a2, h3) + Product(f.a3, h2) + Product(f.a4, h1);
        var r1 = Product(f.a0, g.a1) + Product(f.a1, g.a0) + Product(f.a2, h4) + Product(f.a3, h3) + Product(f.a4, h2);
        var r2 = Product(f.a0, g.a2) + Product(f.a1, g.a1) + Product(f.a2, g.a0) + Product(f.a3, h4) + Product(f.a4, h3);
        var r3 = Product(f.a0, g.a3) + Product(f.a1, g.a2) + Product(f.a2, g.a1) + Product(f.a3, g.a0) + Product(f.a4, h4);
        var r4 = Product(f.a0, g.a4) + Product(f.a1, g.a3) + Product(f.a2, g.a2) + Product(f.a3, g.a1) + Product(f.a4, g.a0);

        r1 += r0 >> 51;
        r2 += r1 >> 51;
        r3 += r2 >> 51;
        r4 += r3 >> 51;
        var low = (r0 & Mask) + (19 * (r4 >> 51)); // below 2^51 + 19 * 2^62, which is why the carry goes on in 128 bits
        return new FieldElement((ulong)low & Mask, ((ulong)r1 & Mask) + (ulong)(low >> 51), (ulong)r2 & Mask, (ulong)r3 & Mask, (ulong)r4 & Mask);
    }

    public static FieldElement From(BigInteger value)
    {
        Span<byte> bytes = stackalloc byte[32];
        (((value % Prime) + Prime) % Prime).TryWriteBytes(bytes, out _, isUnsigned: true);
        return From(bytes);
    }

    /// <summary>Reads 32 bytes, little-endian; the highest bit is ignored.</summary>
    public static FieldElement From(ReadOnlySpan<byte> bytes)
    {
        var (w0, w1) = (BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
        var (w2, w3) = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        return new FieldElement(
            w0 & Mask, ((w0 >> 51) | (w1 << 13)) & Mask, ((w1 >> 38) | (w2 << 26)) & Mask, ((w2 >> 25) | (w3 << 39)) & Mask, (w3 >> 12) & Mask);
    }

    /// <summary>One bit of a little-endian integer.</summary>
    public static bool Bit(ReadOnlySpan<byte> bytes, int bit) => ((bytes[bit >> 3] >> (bit & 7)) & 1) == 1;

    public FieldElement Power(BigInteger exponent)
    {
        Span<byte> bytes = stackalloc byte[32];
        bytes.Clear();
        exponent.TryWriteBytes(bytes, out _, isUnsigned: true);
        var result = One;
        for (var bit = (int)exponent.GetBitLength() - 1; bit >= 0; bit--)
        {
            result *= result;
            if (Bit(bytes, bit))
                result *= this;
        }

        return result;
    }

    public BigInteger ToInteger() =>
        ((BigInteger)a0 + ((BigInteger)a1 << 51) + ((BigInteger)a2 << 102) + ((BigInteger)a3 << 153) + ((BigInteger)a4 << 204)) % Prime;

    public bool Equals(in FieldElement other) => ToInteger() == other.ToInteger();

    private static UInt128 Product(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return new UInt128(high, low);
    }
}

using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class SealerTests
{
    private static readonly Sealer Sealer = New(1);

    [Fact]
    public void Open_WhatWasSealed_IsThePlaintext()
    {
        var key = Sealer.NewWrappedKey("connection:a");

        var value = Sealer.Seal(key, "connection:a", "secret"u8, "connection:a:field");

        Assert.Equal("secret", Encoding.UTF8.GetString(Sealer.Open(key, "connection:a", value, "connection:a:field")));
        Assert.Equal(1 + 12 + 16 + 6, value.Length);
    }

    [Fact]
    public void Seal_SameTwice_Differs()
    {
        var key = Sealer.NewWrappedKey("k");

        Assert.NotEqual(Sealer.Seal(key, "k", "secret"u8, "c"), Sealer.Seal(key, "k", "secret"u8, "c"));
    }

    [Fact]
    public void Open_AnyByteChanged_Refuses()
    {
        var key = Sealer.NewWrappedKey("k");
        var value = Sealer.Seal(key, "k", "secret"u8, "c");
        for (var i = 0; i < value.Length; i++)
        {
            var changed = (byte[])value.Clone();
            changed[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => Sealer.Open(key, "k", changed, "c"));
        }

        for (var i = 0; i < key.Length; i++)
        {
            var changed = (byte[])key.Clone();
            changed[i] ^= 0x80;
            Assert.ThrowsAny<CryptographicException>(() => Sealer.Open(changed, "k", value, "c"));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(28)]
    public void Open_Cut_Refuses(int length)
    {
        var key = Sealer.NewWrappedKey("k");
        var value = Sealer.Seal(key, "k", "secret"u8, "c");

        Assert.ThrowsAny<CryptographicException>(() => Sealer.Open(key, "k", value.AsSpan(0, length), "c"));
    }

    [Theory]
    [InlineData("connection:a", "connection:a:other")]
    [InlineData("connection:b", "connection:a:field")]
    public void Open_AnotherContext_Refuses(string keyContext, string context)
    {
        var key = Sealer.NewWrappedKey("connection:a");
        var value = Sealer.Seal(key, "connection:a", "secret"u8, "connection:a:field");

        Assert.ThrowsAny<CryptographicException>(() => Sealer.Open(key, keyContext, value, context));
    }

    [Fact]
    public void Open_AnotherMasterKey_Refuses()
    {
        var key = Sealer.NewWrappedKey("k");
        var value = Sealer.Seal(key, "k", "secret"u8, "c");

        Assert.ThrowsAny<CryptographicException>(() => New(2).Open(key, "k", value, "c"));
        Assert.NotEqual(Sealer.MasterKeyId, New(2).MasterKeyId);
    }

    private static Sealer New(byte seed)
    {
        var key = new byte[MasterKey.Size];
        key.AsSpan().Fill(seed);
        return new Sealer(new MasterKeyRing(new MasterKey(key)));
    }
}

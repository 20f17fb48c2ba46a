using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class PayloadSealerTests : IAsyncLifetime
{
    private const int Header = 58;
    private readonly KeyRing ring;
    private readonly PayloadSealer sealer;

    public PayloadSealerTests()
    {
        var master = SomeMasterKey.Ring();
        ring = new KeyRing(master, new Sealer(master), new InMemoryDataKeyStore(), new FakeTimeProvider());
        sealer = new PayloadSealer(ring);
    }

    public static TheoryData<int> Sizes => [0, 1, 63, 64, 65, 3000, 1024 * 1024];

    public Task InitializeAsync() => ring.InitializeAsync(CancellationToken.None);

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Open_WhatWasSealed_IsThePayload(int size)
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"id\":\"evt\"},", size / 13 + 1))[..size]);
        var noise = RandomNumberGenerator.GetBytes(size);

        Assert.Equal(text, sealer.Open(sealer.Seal(text, "evt_1"), "evt_1"));
        Assert.Equal(noise, sealer.Open(sealer.Seal(noise, "evt_1"), "evt_1"));
    }

    [Fact]
    public void Seal_Text_Shrinks()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"object\":\"event\",\"livemode\":false},", 80)));

        Assert.True(sealer.Seal(text, "evt_1").Length < text.Length / 4);
    }

    [Fact]
    public void Seal_Noise_GrowsByTheHeaderOnly()
    {
        var noise = RandomNumberGenerator.GetBytes(3000);

        Assert.Equal(3000 + Header, sealer.Seal(noise, "evt_1").Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_AnyByteChanged_Refuses(bool compressible)
    {
        var payload = compressible ? Encoding.UTF8.GetBytes(new string('a', 200)) : RandomNumberGenerator.GetBytes(100);
        var value = sealer.Seal(payload, "evt_1");
        for (var i = 0; i < value.Length; i++)
        {
            var changed = (byte[])value.Clone();
            changed[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => sealer.Open(changed, "evt_1"));
        }
    }

    [Fact]
    public void Open_AnotherRow_Refuses()
    {
        var value = sealer.Seal("payload"u8, "evt_1");

        Assert.ThrowsAny<CryptographicException>(() => sealer.Open(value, "evt_2"));
    }

    [Fact]
    public void Open_Cut_Refuses()
    {
        var value = sealer.Seal("payload"u8, "evt_1");
        for (var length = 0; length < value.Length; length++)
            Assert.ThrowsAny<CryptographicException>(() => sealer.Open(value.AsSpan(0, length), "evt_1"));
    }

    [Fact]
    public void Seal_TooLong_Refuses() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => sealer.Seal(new byte[PayloadSealer.MaxPlaintext + 1], "evt_1"));

    [Fact]
    public async Task SealAndOpen_ManyThreads_DoNotDisturbEachOther()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 500), (i, _) =>
        {
            var payload = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"{{\"n\":{i}}}", 100)));
            Assert.Equal(payload, sealer.Open(sealer.Seal(payload, $"evt_{i}"), $"evt_{i}"));
            return ValueTask.CompletedTask;
        });
    }
}

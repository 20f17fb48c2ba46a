using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class PayloadSealerTests : IAsyncLifetime, IDisposable
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

    public static TheoryData<int> Sizes => [0, 1, 63, 64, 1023, 1024, 1025, 3000, 1024 * 1024];

    public Task InitializeAsync() => ring.InitializeAsync(CancellationToken.None);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => sealer.Dispose();

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

    [Fact]
    public void Seal_TheSameTwice_NeverTheSameNonceOrText()
    {
        var sealedOnes = Enumerable.Range(0, 200).Select(_ => sealer.Seal("the same"u8, "evt_1")).ToList();

        Assert.Equal(200, sealedOnes.Select(one => Convert.ToHexString(one, 30, 12)).Distinct().Count());
        Assert.Equal(200, sealedOnes.Select(one => Convert.ToHexString(one, Header, one.Length - Header)).Distinct().Count());
    }

    [Fact]
    public async Task Open_SealedByManyThreads_OnManyThreads()
    {
        var all = new System.Collections.Concurrent.ConcurrentBag<(byte[] Sealed, string Id)>();
        await InThreads(thread =>
        {
            for (var i = 0; i < 100; i++)
                all.Add((sealer.Seal(Encoding.UTF8.GetBytes($"{thread}/{i}"), $"evt_{thread}/{i}"), $"{thread}/{i}"));
        });

        // More salts than a thread keeps ciphers for.
        Assert.True(all.Select(one => Convert.ToHexString(one.Sealed, 14, 16)).Distinct().Count() > 16);
        var wrong = 0;
        await InThreads(_ =>
        {
            foreach (var (value, id) in all)
                if (Encoding.UTF8.GetString(sealer.Open(value, "evt_" + id)) != id)
                    Interlocked.Increment(ref wrong);
        });
        Assert.Equal(0, wrong);

        static async Task InThreads(Action<int> work)
        {
            var done = Enumerable.Range(0, 20).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToList();
            for (var i = 0; i < done.Count; i++)
            {
                var thread = i;
                new Thread(() =>
                {
                    try
                    {
                        work(thread);
                        done[thread].SetResult();
                    }
                    catch (Exception exception)
                    {
                        done[thread].SetException(exception);
                    }
                }).Start();
            }

            await Task.WhenAll(done.Select(one => one.Task));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_AnyByteChanged_Refuses(bool compressible)
    {
        var payload = compressible ? Encoding.UTF8.GetBytes(new string('a', 2000)) : RandomNumberGenerator.GetBytes(100);
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

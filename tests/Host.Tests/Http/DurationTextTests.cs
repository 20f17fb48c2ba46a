using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Http;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0s", "0s")]
    [InlineData("0d", "0s")]
    [InlineData("59s", "59s")]
    [InlineData("120s", "2m")]
    [InlineData("90m", "90m")]
    [InlineData("48h", "2d")]
    [InlineData("25h", "25h")]
    [InlineData("9999999d", "9999999d")]
    public void Of_WhatWasParsed_IsTheSameInTheLargestUnit(string text, string written) => Assert.Equal(written, DurationText.Of(DurationText.Parse(text)!.Value));

    [Theory]
    [InlineData("")]
    [InlineData("90")]
    [InlineData("d")]
    [InlineData("-1d")]
    [InlineData("1.5h")]
    [InlineData("1d ")]
    [InlineData("1D")]
    [InlineData("1w")]
    [InlineData("1h30m")]
    [InlineData("99999999d")]
    [InlineData("٩d")]
    [InlineData("P90D")]
    [InlineData("90.00:00:00")]
    public void Parse_AnythingElse_IsNoTime(string text) => Assert.Null(DurationText.Parse(text));

    [Fact]
    public void Of_PartsOfASecond_AreLeftOut() => Assert.Equal("61s", DurationText.Of(TimeSpan.FromSeconds(61.9)));
}

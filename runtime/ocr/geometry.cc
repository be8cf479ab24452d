// SPDX-License-Identifier: Apache-2.0
#include "runtime/ocr/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tpuc::ocr {
namespace {

Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
Point operator*(double s, Point a) { return {s * a.x, s * a.y}; }
double Dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
double Cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }

// The rectangle around the points with sides along `along`, of length 1.
Rectangle Around(const std::vector<Point>& points, Point along) {
  const Point across = {-along.y, along.x};
  double left = Dot(points[0], along), right = left;
  double top = Dot(points[0], across), bottom = top;
  for (Point p : points) {
    left = std::min(left, Dot(p, along));
    right = std::max(right, Dot(p, along));
    top = std::min(top, Dot(p, across));
    bottom = std::max(bottom, Dot(p, across));
  }
  return {{left * along + top * across, right * along + top * across,
           right * along + bottom * across, left * along + bottom * across}};
}

// Of a polygon whose corners are in order.
double Area(const std::vector<Point>& polygon) {
  double twice = 0;
  for (size_t i = 0; i < polygon.size(); ++i)
    twice += Cross(polygon[i], polygon[(i + 1) % polygon.size()]);
  return std::abs(twice) / 2;
}

// What of the polygon lies left of the line from a to b, seen along it: one
// step of Sutherland and Hodgman's clipping.
std::vector<Point> LeftOf(Point a, Point b, const std::vector<Point>& polygon) {
  std::vector<Point> result;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const Point from = polygon[i], to = polygon[(i + 1) % polygon.size()];
    const double s = Cross(b - a, from - a), t = Cross(b - a, to - a);
    if (s >= 0) result.push_back(from);
    if ((s > 0 && t < 0) || (s < 0 && t > 0))
      result.push_back(from + (s / (s - t)) * (to - from));
  }
  return result;
}

}  // namespace

double Distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

std::vector<Point> ConvexHull(std::vector<Point> points) {
  // Andrew's monotone chain: the lower half, then the upper.
  std::sort(points.begin(), points.end(), [](Point a, Point b) {
    return a.x != b.x ? a.x < b.x : a.y < b.y;
  });
  std::vector<Point> hull;
  for (int half = 0; half < 2; ++half) {
    const size_t start = hull.size();
    for (Point p : points) {
      while (hull.size() >= start + 2 &&
             Cross(hull.back() - hull[hull.size() - 2], p - hull.back()) <= 0)
        hull.pop_back();
      hull.push_back(p);
    }
    hull.pop_back();  // the next half begins with it
    std::reverse(points.begin(), points.end());
  }
  return hull.empty() ? points : hull;
}

Rectangle MinAreaRectangle(const std::vector<Point>& points) {
  // A side of the smallest rectangle lies along a side of the hull.
  const std::vector<Point> hull = ConvexHull(points);
  Rectangle best = Around(hull, {1, 0});
  double area = best.width() * best.height();
  for (size_t i = 0; i < hull.size(); ++i) {
    const Point side = hull[(i + 1) % hull.size()] - hull[i];
    const double length = std::hypot(side.x, side.y);
    if (length == 0) continue;
    const Rectangle next = Around(hull, (1 / length) * side);
    if (next.width() * next.height() < area) {
      best = next;
      area = next.width() * next.height();
    }
  }
  return best;
}

Rectangle Expanded(const Rectangle& r, double distance) {
  const Point along = (1 / r.width()) * (r.corners[1] - r.corners[0]);
  const Point across = (1 / r.height()) * (r.corners[2] - r.corners[1]);
  const Point a = distance * along, b = distance * across;
  return {{r.corners[0] - a - b, r.corners[1] + a - b, r.corners[2] + a + b,
           r.corners[3] - a + b}};
}

Quad Ordered(const Rectangle& rectangle) {
  Quad quad = rectangle.corners;
  std::sort(quad.begin(), quad.end(),
            [](Point a, Point b) { return a.x < b.x; });
  if (quad[1].y < quad[0].y) std::swap(quad[0], quad[1]);
  if (quad[3].y < quad[2].y) std::swap(quad[2], quad[3]);
  return {quad[0], quad[2], quad[3], quad[1]};
}

bool Contains(const Quad& quad, Point point) {
  bool left = false, right = false;
  for (int i = 0; i < 4; ++i) {
    const double side = Cross(quad[(i + 1) % 4] - quad[i], point - quad[i]);
    left = left || side < 0;
    right = right || side > 0;
  }
  return !(left && right);
}

double IntersectionOverUnion(const Quad& a, const Quad& b) {
  const std::vector<Point> first = ConvexHull({a.begin(), a.end()});
  const std::vector<Point> second = ConvexHull({b.begin(), b.end()});
  std::vector<Point> shared = first;
  for (size_t i = 0; i < second.size() && !shared.empty(); ++i)
    shared = LeftOf(second[i], second[(i + 1) % second.size()], shared);
  const double intersection = Area(shared);
  const double covered = Area(first) + Area(second) - intersection;
  return covered > 0 ? intersection / covered : 0;
}

}  // namespace tpuc::ocr
